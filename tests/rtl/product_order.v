// Configuration of the blocked MAC units: which block product each of the M block multipliers computes in each
// phase. One instance serves the whole array; it runs once when the configuration is written, one entry per
// cycle, before the first fold.
//
// The products are walked in order of significance: smallest u + v first, ties smaller u first, u being the
// position in the activation's window counted from its top and v that in the weight's. If the L products of a
// MAC fit into the M multipliers, further lanes follow in the multipliers that are left, whole MACs only.
//
//   start        take the configuration and begin; busy from the next cycle until the order is complete
//   swap         the operand on the row side is the weight
//   kept_a/_w    kept blocks n of activation and weight, 1 to N
//   products     L, 1 to n_a * n_w
//   order        entries (sizes.vh), M per phase, phase 0 in the lowest bits
//   lanes        v = floor(M / L), at least 1
//   phases       q = ceil(L / M), cycles per step
`include "sizes.vh"
module product_order #(
    parameter integer K = 4,
    parameter integer M = 4
) (
    input                               clk,
    input                               rst,
    input                               start,
    input                               swap,
    input      [3:0]                    kept_a,
    input      [3:0]                    kept_w,
    input      [6:0]                    products,
    output reg [`ORDER_BITS(K, M)-1:0]  order,
    output     [6:0]                    lanes,
    output     [6:0]                    phases,
    output reg                          busy
);
    localparam [7:0] MULTIPLIERS = M[7:0];
    localparam [7:0] BLOCK_BITS = K[7:0];

    reg [7:0] entry;     // entry being written
    reg [7:0] slot;      // block multiplier: entry modulo M
    reg [6:0] phase;     // entry / M
    reg [6:0] lane;
    reg [6:0] done;      // products of this lane's MAC written so far
    reg [3:0] u, v;

    // Next of the walk: along the diagonal, or to the upper end of the next one.
    wire       along      = (u + 4'd1 < kept_a) && (v != 4'd0);
    wire [3:0] diagonal   = u + v + 4'd1;
    wire [3:0] first_u    = (diagonal < kept_w) ? 4'd0 : diagonal - kept_w + 4'd1;

    wire       mac_done   = done + 7'd1 == products;
    wire       lane_fits  = entry + 8'd1 + {1'b0, products} <= MULTIPLIERS;

    // The window's lowest block is at position n - 1.
    wire [7:0] shift_a    = {4'd0, kept_a - 4'd1 - u} * BLOCK_BITS;
    wire [7:0] shift_w    = {4'd0, kept_w - 4'd1 - v} * BLOCK_BITS;
    wire [2:0] shift_row  = swap ? shift_w[2:0] : shift_a[2:0];
    wire [2:0] shift_col  = swap ? shift_a[2:0] : shift_w[2:0];
    wire       unused     = &{1'b0, shift_a[7:3], shift_w[7:3]};

    assign lanes  = lane + 7'd1;
    assign phases = phase + 7'd1;

    always @(posedge clk) begin
        if (rst) begin
            busy  <= 1'b0;
            order <= 0;
        end else if (start) begin
            busy  <= 1'b1;
            order <= 0;
            entry <= 8'd0;
            slot  <= 8'd0;
            phase <= 7'd0;
            lane  <= 7'd0;
            done  <= 7'd0;
            u     <= 4'd0;
            v     <= 4'd0;
        end else if (busy) begin
            order[entry * `ENTRY_BITS +: `ENTRY_BITS] <=
                {1'b1, lane[5:0], shift_row, shift_col, u + v};
            if (mac_done && !lane_fits) begin
                busy <= 1'b0;
            end else begin
                entry <= entry + 8'd1;
                slot  <= (slot + 8'd1 == MULTIPLIERS) ? 8'd0 : slot + 8'd1;
                if (slot + 8'd1 == MULTIPLIERS) phase <= phase + 7'd1;
                if (mac_done) begin
                    lane <= lane + 7'd1;
                    done <= 7'd0;
                    u    <= 4'd0;
                    v    <= 4'd0;
                end else begin
                    done <= done + 7'd1;
                    u    <= along ? u + 4'd1 : first_u;
                    v    <= along ? v - 4'd1 : diagonal - first_u;
                end
            end
        end
    end
endmodule
