// Output chain of an output-stationary array: one register per PE, shifting down its column.
//
// A result waits in its PE's register until its column is released: in the cycle in which the fold's lowest used row
// writes. From the next cycle on the column's results move down one row per cycle, until they stand in row R-1, the
// array's output. PE (i, j) is bit i * C + j.
//
//   write, sum     the PE's result, written at the end of the cycle
//   bottom         the PE is in the fold's lowest used row
//   out_valid, out per column: a moving result stands in row R-1
//   overrun        a result would be lost: never, unless the sequencer is wrong
module output_chain #(
    parameter integer R = 4,
    parameter integer C = 4
) (
    input                       clk,
    input                       rst,
    input      [R*C-1:0]        write,
    input      [R*C-1:0]        bottom,
    input      [R*C*32-1:0]     sum,
    output     [C-1:0]          out_valid,
    output     [C*32-1:0]       out,
    output                      overrun
);
    reg [R*C-1:0]    waiting, moving;
    reg [R*C*32-1:0] value;

    // What the row above hands down, and which columns are released in this cycle.
    wire [R*C-1:0]    above_moving;
    wire [R*C*32-1:0] above_value;
    wire [R*C-1:0]    last = write & bottom;
    reg  [C-1:0]      released;
    integer n;
    always @* begin
        released = 0;
        for (n = 0; n < R * C; n = n + 1)
            if (last[n]) released[n % C] = 1'b1;
    end
    generate
        if (R == 1) begin : g_one
            assign above_moving = 0;
            assign above_value  = 0;
        end else begin : g_rows
            assign above_moving = {moving[(R-1)*C-1:0], {C{1'b0}}};
            assign above_value  = {value[(R-1)*C*32-1:0], {C*32{1'b0}}};
        end
    endgenerate

    integer k;
    always @(posedge clk) begin
        waiting <= (waiting | write) & ~{R{released}};
        moving  <= above_moving | (waiting | write) & {R{released}};
        if (rst) begin
            waiting <= 0;
            moving  <= 0;
        end
        for (k = 0; k < R * C; k = k + 1)
            if (write[k])             value[k*32 +: 32] <= sum[k*32 +: 32];
            else if (above_moving[k]) value[k*32 +: 32] <= above_value[k*32 +: 32];
    end

    assign out_valid = moving[(R-1)*C +: C];
    assign out       = value[(R-1)*C*32 +: C*32];
    assign overrun   = |((write | waiting) & above_moving | write & waiting);
endmodule
