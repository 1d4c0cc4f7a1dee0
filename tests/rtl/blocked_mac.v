// The blocked MAC unit: M unsigned block multipliers of K x K bits, shifters, an adder tree and one 32-bit
// accumulator that wraps. UNITS of them side by side, unit 0 in the lowest bits of every port; they share nothing
// but the product order.
//
// In a cycle with `enable`, multiplier m computes what entry phase * M + m of the product order says: it takes
// the operands of one lane from both sides, one block of each, and their product counts 2^((i + j) K), i and j
// being the blocks' indices, with the sign of the operand pair.
//
//   order, phase   what to compute (product_order.v)
//   row, col       the operands of M lanes (sizes.vh)
//   first          the sum starts anew instead of at the accumulator
//   sum            combinational: accumulator (or zero) + this cycle's products; stored at the end of the cycle
//                  if `enable`
`include "sizes.vh"
module blocked_mac #(
    parameter integer K = 4,
    parameter integer M = 4,
    parameter integer UNITS = 1
) (
    input                                 clk,
    input      [`ORDER_BITS(K, M)-1:0]    order,
    input      [UNITS-1:0]                enable,
    input      [UNITS-1:0]                first,
    input      [UNITS*6-1:0]              phase,
    input      [UNITS*`LANES_BITS(M)-1:0] row,
    input      [UNITS*`LANES_BITS(M)-1:0] col,
    output reg [UNITS*32-1:0]             sum
);
    localparam integer W = `LANES_BITS(M);
    localparam [7:0]   BLOCK_MASK = (1 << K) - 1;
    localparam [4:0]   BLOCK_BITS = K[4:0];

    reg [UNITS*32-1:0]       accumulator;

    reg [W-1:0]              row_lanes, col_lanes;
    reg [`ENTRY_BITS-1:0]    entry;
    reg [`OPERAND_BITS-1:0]  row_operand, col_operand;
    reg [7:0]                row_block, col_block;
    reg [4:0]                index;      // i + j
    reg [31:0]               product, tree;
    integer n, m;
    always @* begin
        row_lanes = 0;
        col_lanes = 0;
        entry = 0;
        row_operand = 0;
        col_operand = 0;
        row_block = 0;
        col_block = 0;
        index = 0;
        product = 0;
        for (n = 0; n < UNITS; n = n + 1) begin
            tree = first[n] ? 32'd0 : accumulator[n*32 +: 32];
            if (enable[n]) begin
                row_lanes = row[n*W +: W];
                col_lanes = col[n*W +: W];
                for (m = 0; m < M; m = m + 1) begin
                    entry = order[(phase[n*6 +: 6] * M + m) * `ENTRY_BITS +: `ENTRY_BITS];
                    if (entry[16]) begin
                        row_operand = row_lanes[entry[15:10] * `OPERAND_BITS +: `OPERAND_BITS];
                        col_operand = col_lanes[entry[15:10] * `OPERAND_BITS +: `OPERAND_BITS];
                        row_block   = (row_operand[7:0] >> entry[9:7]) & BLOCK_MASK;
                        col_block   = (col_operand[7:0] >> entry[6:4]) & BLOCK_MASK;
                        index       = {2'b0, row_operand[10:8]} + {2'b0, col_operand[10:8]} - {1'b0, entry[3:0]};
                        product     = ({24'd0, row_block} * {24'd0, col_block}) << (index * BLOCK_BITS);
                        if (row_operand[11] != col_operand[11]) tree = tree - product;
                        else                                    tree = tree + product;
                    end
                end
            end
            sum[n*32 +: 32] = tree;
        end
    end

    integer k;
    always @(posedge clk)
        for (k = 0; k < UNITS; k = k + 1)
            if (enable[k]) accumulator[k*32 +: 32] <= sum[k*32 +: 32];
endmodule
