// Words that move down through an array, one row per cycle: `in` stands at the inputs of row 0 in this cycle, one
// word of W bits per column; `at` is what stands at the inputs of all PEs, PE (i, j) at i * C + j. `rst` clears the
// registers between the PEs.
module systolic_down #(
    parameter integer R = 4,
    parameter integer C = 4,
    parameter integer W = 1
) (
    input                 clk,
    input                 rst,
    input  [C*W-1:0]      in,
    output [R*C*W-1:0]    at
);
    generate
        if (R == 1) begin : g_one
            wire unused = &{1'b0, clk, rst};
            assign at = in;
        end else begin : g_rows
            reg [(R-1)*C*W-1:0] held;
            assign at = {held, in};
            always @(posedge clk)
                if (rst) held <= 0;
                else     held <= at[(R-1)*C*W-1:0];
        end
    endgenerate
endmodule
