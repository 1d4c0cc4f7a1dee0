// The fixed-point MAC unit, for comparison: one 8 x 8 multiplier and one 32-bit accumulator, one MAC per cycle.
// Operands are signs and magnitudes in the words of the blocked unit (sizes.vh); the index is ignored. UNITS, timing
// and the meaning of `enable`, `first` and `sum` are those of blocked_mac.v.
`include "sizes.vh"
module fxp_mac #(
    parameter integer UNITS = 1
) (
    input                                 clk,
    input      [UNITS-1:0]                enable,
    input      [UNITS-1:0]                first,
    input      [UNITS*`OPERAND_BITS-1:0]  row,
    input      [UNITS*`OPERAND_BITS-1:0]  col,
    output reg [UNITS*32-1:0]             sum
);
    reg [UNITS*32-1:0]       accumulator;

    reg [7:0]                a, b;
    reg [31:0]               product, start;
    integer n;
    always @* begin
        for (n = 0; n < UNITS; n = n + 1) begin
            a = row[n*`OPERAND_BITS +: 8];
            b = col[n*`OPERAND_BITS +: 8];
            product = enable[n] ? {24'd0, a} * {24'd0, b} : 32'd0;
            start   = first[n] ? 32'd0 : accumulator[n*32 +: 32];
            sum[n*32 +: 32] = (row[n*`OPERAND_BITS + 11] != col[n*`OPERAND_BITS + 11]) ?
                start - product : start + product;
        end
    end

    integer k;
    always @(posedge clk)
        for (k = 0; k < UNITS; k = k + 1)
            if (enable[k]) accumulator[k*32 +: 32] <= sum[k*32 +: 32];
endmodule
