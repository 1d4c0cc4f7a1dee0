// Clock for a test bench under an event-driven simulator.
module clock;
    reg clk = 1'b0;
    always #5 clk = !clk;
    `BENCH bench (.clk(clk));
endmodule
