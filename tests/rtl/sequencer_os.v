// Sequencer of the output-stationary array: feeds the folds one after another, one phase of one step per cycle.
//
// A fold's stream follows the previous one's without a gap, from the cycle on in which its tile is ready. Its last
// phase is held back until `rows` (of the previous fold) cycles after the previous fold's last phase: so long
// the results of the previous fold occupy the chain registers of row 0 and downwards.
//
//   phases                     q, cycles per step
//   fold_valid, fold_*         the fold with number `fold`: rows r and columns c used, steps S
//   tile_ready                 its operands are there; asked only for its first phase
//   feed_ready                 the ports can deliver in this cycle; if not, the array gets a bubble
//   fold, step                 what is fed, or comes next
//   fire, first, last, phase   combinational: a phase enters the array in this cycle; it is the fold's first or last
module sequencer_os (
    input              clk,
    input              rst,
    input      [6:0]   phases,
    input              fold_valid,
    input      [15:0]  fold_steps,
    input      [5:0]   fold_rows,
    input              tile_ready,
    input              feed_ready,
    output reg [15:0]  fold,
    output reg [15:0]  step,
    output reg [5:0]   phase,
    output             fire,
    output             first,
    output             last
);
    reg [5:0] hold;     // cycles for which no fold may end

    wire last_phase = {1'b0, phase} + 7'd1 == phases;
    assign first = step == 16'd0 && phase == 6'd0;
    assign last  = last_phase && step + 16'd1 == fold_steps;
    assign fire  = fold_valid && feed_ready && (!first || tile_ready) && !(last && hold != 6'd0);

    always @(posedge clk) begin
        if (rst) begin
            fold  <= 16'd0;
            step  <= 16'd0;
            phase <= 6'd0;
            hold  <= 6'd0;
        end else begin
            if (fire && last)       hold <= fold_rows - 6'd1;
            else if (hold != 6'd0)  hold <= hold - 6'd1;
            if (fire) begin
                phase <= last_phase ? 6'd0 : phase + 6'd1;
                if (last)            step <= 16'd0;
                else if (last_phase) step <= step + 16'd1;
                if (last)            fold <= fold + 16'd1;
            end
        end
    end
endmodule
