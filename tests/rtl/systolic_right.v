// Words that move right through an array, one column per cycle: `in` stands at the inputs of column 0 in this cycle,
// one word of W bits per row; `at` is what stands at the inputs of all PEs, PE (i, j) at i * C + j. `rst` clears the
// registers between the PEs.
module systolic_right #(
    parameter integer R = 4,
    parameter integer C = 4,
    parameter integer W = 1
) (
    input                     clk,
    input                     rst,
    input      [R*W-1:0]      in,
    output reg [R*C*W-1:0]    at
);
    reg [R*C*W-1:0] held;   // what each PE handed on
    integer i;
    always @* begin
        // The whole array one PE further, then column 0 anew.
        at = held << W;
        for (i = 0; i < R; i = i + 1) at[i*C*W +: W] = in[i*W +: W];
    end
    always @(posedge clk)
        if (rst) held <= 0;
        else     held <= at;
endmodule
