// Psums of a weight-stationary array: they begin in row 0, take up each row's sum and move down one row per cycle.
// PE (i, j) is bit i * C + j.
//
//   add, sum        the PE completes a step in this cycle; its sum
//   out_valid, out  per column: a psum leaves the adder of row R-1, combinational
module psum_chain #(
    parameter integer R = 4,
    parameter integer C = 4
) (
    input                       clk,
    input                       rst,
    input      [R*C-1:0]        add,
    input      [R*C*32-1:0]     sum,
    output     [C-1:0]          out_valid,
    output     [C*32-1:0]       out
);
    // Behind the adders of all PEs, and in the registers between the rows.
    wire [R*C-1:0]    valid;
    reg  [R*C*32-1:0] psum;
    reg  [R*C*32-1:0] held;
    integer n;
    always @*
        for (n = 0; n < R * C; n = n + 1)
            psum[n*32 +: 32] = ((n < C) ? 32'd0 : held[(n-C)*32 +: 32]) + (add[n] ? sum[n*32 +: 32] : 32'd0);

    // Whether there is a psum is settled in row 0, which every fold uses.
    systolic_down #(.R(R), .C(C), .W(1)) down_valid (.clk(clk), .rst(rst), .in(add[C-1:0]), .at(valid));
    always @(posedge clk) held <= psum;

    assign out_valid = valid[(R-1)*C +: C];
    assign out       = psum[(R-1)*C*32 +: C*32];
    wire   unused    = &{1'b0, valid, held};
endmodule
