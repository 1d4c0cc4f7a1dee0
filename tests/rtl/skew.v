// Edge skew: N lanes of W bits, lane i delayed by i cycles (lane 0 goes straight through). `rst` clears the
// registers, so that nothing valid is left in them.
module skew #(
    parameter integer N = 4,
    parameter integer W = 1
) (
    input              clk,
    input              rst,
    input  [N*W-1:0]   in,
    output [N*W-1:0]   out
);
    genvar i;
    generate
        for (i = 0; i < N; i = i + 1) begin : g_lane
            if (i == 0) begin : g_through
                wire unused = &{1'b0, clk, rst};
                assign out[0 +: W] = in[0 +: W];
            end else begin : g_delay
                reg  [i*W-1:0]   stages;    // youngest in the lowest bits
                wire [i*W+W-1:0] next = {stages, in[i*W +: W]};
                always @(posedge clk)
                    if (rst) stages <= 0;
                    else     stages <= next[i*W-1:0];
                assign out[i*W +: W] = next[i*W +: W];
            end
        end
    endgenerate
endmodule
