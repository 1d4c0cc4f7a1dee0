// Output-stationary array of R x C PEs with its edge skew and sequencer. Rows carry activations and columns weights;
// exchanged (`swap` of product_order.v) it is the other way round and nothing else changes.
//
//   order, phases      configuration (product_order.v)
//   fold_*, tile_ready, feed_ready, fold, step   see sequencer_os.v
//   fire, first, last  a phase is fed in this cycle, the fold's first or last
//   row_operands       operands of step `step` of fold `fold` for all rows, M lanes each, taken in cycles with
//   col_operands       `fire`; for all columns alike. Those of unused rows and columns do not matter.
//   out_valid, out     per column: a result leaves
//   overrun            a result was lost in the output chain (never)
//
// A PE works on what stands at its inputs and hands it on at the end of the cycle, the row's to the right and the
// column's downwards. With the last phase of a fold the sum goes into the output chain, so that the accumulator is free
// for the next fold in the next cycle.
//
// Timing: a phase fed in cycle t is computed by PE (i, j) in cycle t + i + j. With the last phase of a fold of r
// rows fed in cycle e, row i's result leaves column j in cycle e + (r-1) + j + 1 + (R-1-i).
`include "sizes.vh"
module array_os #(
    parameter integer R = 4,
    parameter integer C = 4,
    parameter integer K = 4,
    parameter integer M = 4,
    parameter integer FXP = 0
) (
    input                              clk,
    input                              rst,
    input   [`ORDER_BITS(K, M)-1:0]    order,
    input   [6:0]                      phases,
    input                              fold_valid,
    input   [5:0]                      fold_rows,
    input   [5:0]                      fold_cols,
    input   [15:0]                     fold_steps,
    input                              tile_ready,
    input                              feed_ready,
    output  [15:0]                     fold,
    output  [15:0]                     step,
    output                             fire,
    output                             first,
    output                             last,
    input   [R*`LANES_BITS(M)-1:0]     row_operands,
    input   [C*`LANES_BITS(M)-1:0]     col_operands,
    output  [C-1:0]                    out_valid,
    output  [C*32-1:0]                 out,
    output                             overrun
);
    localparam integer W = `LANES_BITS(M);
    localparam integer B = `CONTROL_BITS;

    wire [5:0] phase;
    sequencer_os sequencer (
        .clk(clk), .rst(rst), .phases(phases),
        .fold_valid(fold_valid), .fold_steps(fold_steps), .fold_rows(fold_rows),
        .tile_ready(tile_ready), .feed_ready(feed_ready),
        .fold(fold), .step(step), .phase(phase), .fire(fire), .first(first), .last(last)
    );

    // What enters at the edges in this cycle, and the same skewed. Control is {bottom row of the fold, valid, first,
    // last, phase} in the rows, {valid} in the columns.
    wire [R*B-1:0] control_edge, control;
    wire [C-1:0]   valid_edge, valid;
    wire [R*W-1:0] rows;
    wire [C*W-1:0] cols;
    genvar i, j;
    generate
        for (i = 0; i < R; i = i + 1) begin : g_control
            localparam [5:0] ROW = i;
            assign control_edge[i*B +: B] =
                {ROW + 6'd1 == fold_rows, fire && ROW < fold_rows, first, last, phase};
        end
        for (j = 0; j < C; j = j + 1) begin : g_valid
            localparam [5:0] COL = j;
            assign valid_edge[j] = fire && COL < fold_cols;
        end
    endgenerate
    skew #(.N(R), .W(B)) skew_control (.clk(clk), .rst(rst), .in(control_edge), .out(control));
    skew #(.N(R), .W(W)) skew_rows (.clk(clk), .rst(rst), .in(row_operands), .out(rows));
    skew #(.N(C), .W(1)) skew_valid (.clk(clk), .rst(rst), .in(valid_edge), .out(valid));
    skew #(.N(C), .W(W)) skew_cols (.clk(clk), .rst(rst), .in(col_operands), .out(cols));

    // At the inputs of the PEs, PE (i, j) at i * C + j.
    wire [R*C*B-1:0] pe_control;
    wire [R*C*W-1:0] pe_row, pe_col;
    wire [R*C-1:0]   pe_col_valid;
    systolic_right #(.R(R), .C(C), .W(B)) right_control (.clk(clk), .rst(rst), .in(control), .at(pe_control));
    systolic_right #(.R(R), .C(C), .W(W)) right_row (.clk(clk), .rst(rst), .in(rows), .at(pe_row));
    systolic_down #(.R(R), .C(C), .W(1)) down_valid (.clk(clk), .rst(rst), .in(valid), .at(pe_col_valid));
    systolic_down #(.R(R), .C(C), .W(W)) down_col (.clk(clk), .rst(rst), .in(cols), .at(pe_col));

    wire [R*C-1:0]    pe_bottom, pe_row_valid, pe_first, pe_last;
    wire [R*C-1:0]    pe_work = pe_row_valid & pe_col_valid;
    wire [R*C*6-1:0]  pe_phase;
    wire [R*C*32-1:0] pe_sum;
    control_fields #(.N(R * C)) fields (
        .control(pe_control), .flag(pe_bottom), .valid(pe_row_valid),
        .first(pe_first), .last(pe_last), .phase(pe_phase)
    );
    mac_units #(.K(K), .M(M), .FXP(FXP), .UNITS(R * C)) macs (
        .clk(clk), .order(order), .enable(pe_work), .first(pe_first), .phase(pe_phase),
        .row(pe_row), .col(pe_col), .sum(pe_sum)
    );
    output_chain #(.R(R), .C(C)) chain (
        .clk(clk), .rst(rst), .write(pe_work & pe_last), .bottom(pe_bottom), .sum(pe_sum),
        .out_valid(out_valid), .out(out), .overrun(overrun)
    );
endmodule
