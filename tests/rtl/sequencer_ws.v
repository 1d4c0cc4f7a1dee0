// Sequencer of the weight-stationary array: loads the operands each fold holds, one row per cycle, the lowest used
// row's first, and streams the fold's vectors, one phase of one step per cycle.
//
// A stream begins when its load is complete and the previous stream has been fed. One load at a time; with
// `double_buffered` the load of a fold may begin in the first cycle in which the previous fold's stream may begin, be
// the port ready or not, else after the previous stream's last phase.
//
//   phases                    q, cycles per step
//   load_fold_valid, load_rows, tile_ready   the fold with number `load_fold`: rows r used; its operands are there
//                             (asked only for the load's first row)
//   feed_fold_valid, feed_steps   the fold with number `feed_fold`: vectors streamed
//   load_ready, feed_ready    the ports can deliver in this cycle; if not, the array gets a bubble
//   load_fire, load_row       combinational: the operands of this row enter the array, into register `load_bank`;
//                             load_first: they are the fold's first
//   feed_fire, feed_first, feed_last_phase, phase, step   combinational: a phase enters the array, to be multiplied
//                             with register `feed_bank`
module sequencer_ws (
    input              clk,
    input              rst,
    input              double_buffered,
    input      [6:0]   phases,
    input              load_fold_valid,
    input      [5:0]   load_rows,
    input              tile_ready,
    input              load_ready,
    output reg [15:0]  load_fold,
    output     [5:0]   load_row,
    output             load_bank,
    output             load_first,
    output             load_fire,
    input              feed_fold_valid,
    input      [15:0]  feed_steps,
    input              feed_ready,
    output reg [15:0]  feed_fold,
    output reg [15:0]  step,
    output reg [5:0]   phase,
    output             feed_bank,
    output             feed_first,
    output             feed_last_phase,
    output             feed_fire
);
    // Stream.
    wire feed_last;
    assign feed_first      = step == 16'd0 && phase == 6'd0;
    assign feed_last_phase = {1'b0, phase} + 7'd1 == phases;
    assign feed_last       = feed_last_phase && step + 16'd1 == feed_steps;
    assign feed_fire       = feed_fold_valid && feed_ready && feed_fold != load_fold;
    assign feed_bank       = double_buffered && feed_fold[0];

    always @(posedge clk) begin
        if (rst) begin
            feed_fold <= 16'd0;
            step      <= 16'd0;
            phase     <= 6'd0;
        end else if (feed_fire) begin
            phase <= feed_last_phase ? 6'd0 : phase + 6'd1;
            if (feed_last)            step <= 16'd0;
            else if (feed_last_phase) step <= step + 16'd1;
            if (feed_last)            feed_fold <= feed_fold + 16'd1;
        end
    end

    // Load. `loaded` counts the rows of this fold that have entered.
    reg  [5:0] loaded;
    wire       streams_before = feed_fold == load_fold;
    wire       previous_may   = feed_fold + 16'd1 == load_fold;
    wire       allowed        = streams_before || double_buffered && previous_may;
    assign load_row   = load_rows - 6'd1 - loaded;
    assign load_bank  = double_buffered && load_fold[0];
    assign load_first = loaded == 6'd0;
    assign load_fire  = load_fold_valid && load_ready && (!load_first || allowed && tile_ready);

    always @(posedge clk) begin
        if (rst) begin
            load_fold <= 16'd0;
            loaded    <= 6'd0;
        end else if (load_fire) begin
            loaded <= (load_row == 6'd0) ? 6'd0 : loaded + 6'd1;
            if (load_row == 6'd0) load_fold <= load_fold + 16'd1;
        end
    end
endmodule
