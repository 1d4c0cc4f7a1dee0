// The operands that the PEs of a weight-stationary array hold (the weights; exchanged, the activations), and how they
// get there: two registers per PE, M lanes each. PE (i, j) is unit i * C + j.
//
// What comes from above with `hops` left is written into register `bank` at the end of the cycle; with hops left it
// moves on to the row below in the next cycle, without, it has arrived and stays. So the registers of the rows above
// its place are its way, and those below are not touched.
//
//   load_valid, load_control {used, bank, hops [5:0]}, load   at row 0, per column; used marks a column of the fold
//   bank        per PE: which register to read
//   used, held  what it holds
`include "sizes.vh"
module held_operands #(
    parameter integer R = 4,
    parameter integer C = 4,
    parameter integer W = 48
) (
    input                     clk,
    input                     rst,
    input      [C-1:0]        load_valid,
    input      [C*8-1:0]      load_control,
    input      [C*W-1:0]      load,
    input      [R*C-1:0]      bank,
    output reg [R*C-1:0]      used,
    output reg [R*C*W-1:0]    held
);
    reg [R*C*W-1:0]  held0, held1;
    reg [R*C-1:0]    used0, used1;

    // The operand that a PE was given last, if it has to move on.
    reg [R*C-1:0]    moving;
    reg [R*C*8-1:0]  moving_control;

    // At the PEs' inputs.
    reg [R*C-1:0]    in_valid;
    reg [R*C*8-1:0]  in_control;
    reg [R*C*W-1:0]  in;
    integer n;
    always @* begin
        for (n = 0; n < R * C; n = n + 1) begin
            if (n < C) begin
                in_valid[n]           = load_valid[n];
                in_control[n*8 +: 8]  = load_control[n*8 +: 8];
                in[n*W +: W]          = load[n*W +: W];
            end else begin
                in_valid[n]           = moving[n-C];
                in_control[n*8 +: 8]  = moving_control[(n-C)*8 +: 8];
                in[n*W +: W]          = moving_control[(n-C)*8+6] ? held1[(n-C)*W +: W] : held0[(n-C)*W +: W];
            end
            used[n]        = bank[n] ? used1[n] : used0[n];
            held[n*W +: W] = bank[n] ? held1[n*W +: W] : held0[n*W +: W];
        end
    end

    integer k;
    always @(posedge clk)
        for (k = 0; k < R * C; k = k + 1) begin
            moving[k] <= !rst && in_valid[k] && in_control[k*8 +: 6] != 6'd0;
            if (in_valid[k]) begin
                moving_control[k*8 +: 8] <= in_control[k*8 +: 8] - 8'd1;
                if (in_control[k*8+6]) held1[k*W +: W] <= in[k*W +: W];
                else                   held0[k*W +: W] <= in[k*W +: W];
                if (in_control[k*8+6]) used1[k] <= in_control[k*8+7];
                else                   used0[k] <= in_control[k*8+7];
            end
        end
endmodule
