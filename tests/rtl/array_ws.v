// Weight-stationary array of R x C PEs with its edge skew and sequencer. PEs hold weights, rows carry activations,
// psums move down. Input stationary is this array with the operands exchanged (`swap` of product_order.v): PEs hold
// activations and rows carry weights; nothing else changes.
//
//   order, phases         configuration (product_order.v)
//   double_buffered       the next fold's weights are loaded while this one's vectors are streamed
//   load_*, tile_ready    loading, feed_* streaming: see sequencer_ws.v
//   load_operands         operands to hold of row `load_row` of fold `load_fold`, all columns, M lanes each, taken in
//                         cycles with `load_fire`
//   feed_operands         operands of step `step` of fold `feed_fold` for all rows, taken in cycles with `feed_fire`
//   out_valid, out        per column: a psum leaves the adder of row R-1, combinational
//
// Timing: what is loaded in cycle t enters row 0 of column j at the end of cycle t + j. A phase fed in cycle t is
// computed by PE (i, j) in cycle t + i + j; the psum of a step whose last phase is fed in t leaves column j in
// cycle t + (R-1) + j. A step of several phases is summed in the PE's accumulator; its last phase adds the psum.
`include "sizes.vh"
module array_ws #(
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
    input                              double_buffered,
    input                              load_fold_valid,
    input   [5:0]                      load_fold_rows,
    input   [5:0]                      load_fold_cols,
    input                              tile_ready,
    input                              load_ready,
    output  [15:0]                     load_fold,
    output  [5:0]                      load_row,
    output                             load_fire,
    output                             load_first,
    input   [C*`LANES_BITS(M)-1:0]     load_operands,
    input                              feed_fold_valid,
    input   [5:0]                      feed_fold_rows,
    input   [15:0]                     feed_fold_steps,
    input                              feed_ready,
    output  [15:0]                     feed_fold,
    output  [15:0]                     step,
    output                             feed_fire,
    output                             feed_first,
    input   [R*`LANES_BITS(M)-1:0]     feed_operands,
    output  [C-1:0]                    out_valid,
    output  [C*32-1:0]                 out
);
    localparam integer W = `LANES_BITS(M);
    localparam integer B = `CONTROL_BITS;

    wire [5:0] phase;
    wire       load_bank, feed_bank, feed_last_phase;
    sequencer_ws sequencer (
        .clk(clk), .rst(rst), .double_buffered(double_buffered), .phases(phases),
        .load_fold_valid(load_fold_valid), .load_rows(load_fold_rows), .tile_ready(tile_ready),
        .load_ready(load_ready), .load_fold(load_fold), .load_row(load_row), .load_bank(load_bank),
        .load_first(load_first), .load_fire(load_fire),
        .feed_fold_valid(feed_fold_valid), .feed_steps(feed_fold_steps), .feed_ready(feed_ready),
        .feed_fold(feed_fold), .step(step), .phase(phase), .feed_bank(feed_bank),
        .feed_first(feed_first), .feed_last_phase(feed_last_phase), .feed_fire(feed_fire)
    );

    // What enters at the edges in this cycle, and the same skewed. Control is {bank, valid, first, last, phase}: every
    // step is a sum of its own.
    wire [R*B-1:0] control_edge, control;
    wire [R*W-1:0] rows;
    wire [C-1:0]   load_valid;
    wire [C*8-1:0] load_control_edge, load_control;
    wire [C*W-1:0] loads;
    genvar i, j;
    generate
        for (i = 0; i < R; i = i + 1) begin : g_control
            localparam [5:0] ROW = i;
            assign control_edge[i*B +: B] =
                {feed_bank, feed_fire && ROW < feed_fold_rows, phase == 6'd0, feed_last_phase, phase};
        end
        for (j = 0; j < C; j = j + 1) begin : g_load_control
            localparam [5:0] COL = j;
            assign load_control_edge[j*8 +: 8] = {COL < load_fold_cols, load_bank, load_row};
        end
    endgenerate
    skew #(.N(R), .W(B)) skew_control (.clk(clk), .rst(rst), .in(control_edge), .out(control));
    skew #(.N(R), .W(W)) skew_rows (.clk(clk), .rst(rst), .in(feed_operands), .out(rows));
    skew #(.N(C), .W(1)) skew_load_valid (.clk(clk), .rst(rst), .in({C{load_fire}}), .out(load_valid));
    skew #(.N(C), .W(8)) skew_load_control (.clk(clk), .rst(rst), .in(load_control_edge), .out(load_control));
    skew #(.N(C), .W(W)) skew_loads (.clk(clk), .rst(rst), .in(load_operands), .out(loads));

    // At the inputs of the PEs, PE (i, j) at i * C + j.
    wire [R*C*B-1:0]  pe_control;
    wire [R*C*W-1:0]  pe_row, pe_held;
    wire [R*C-1:0]    pe_bank, pe_used, pe_valid, pe_first, pe_last;
    wire [R*C-1:0]    pe_work = pe_valid & pe_used;
    wire [R*C*6-1:0]  pe_phase;
    wire [R*C*32-1:0] pe_sum;
    systolic_right #(.R(R), .C(C), .W(B)) right_control (.clk(clk), .rst(rst), .in(control), .at(pe_control));
    systolic_right #(.R(R), .C(C), .W(W)) right_row (.clk(clk), .rst(rst), .in(rows), .at(pe_row));
    control_fields #(.N(R * C)) fields (
        .control(pe_control), .flag(pe_bank), .valid(pe_valid),
        .first(pe_first), .last(pe_last), .phase(pe_phase)
    );
    held_operands #(.R(R), .C(C), .W(W)) operands (
        .clk(clk), .rst(rst), .load_valid(load_valid), .load_control(load_control), .load(loads),
        .bank(pe_bank), .used(pe_used), .held(pe_held)
    );
    mac_units #(.K(K), .M(M), .FXP(FXP), .UNITS(R * C)) macs (
        .clk(clk), .order(order), .enable(pe_work), .first(pe_first), .phase(pe_phase),
        .row(pe_row), .col(pe_held), .sum(pe_sum)
    );
    psum_chain #(.R(R), .C(C)) psums (
        .clk(clk), .rst(rst), .add(pe_work & pe_last), .sum(pe_sum), .out_valid(out_valid), .out(out)
    );
endmodule
