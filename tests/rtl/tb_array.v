// Test bench of an array: WS = 0 output stationary (array_os.v), WS = 1 weight stationary (array_ws.v).
// Not synthesizable. +cases=FILE has any number of cases, +log=FILE gets what happened.
//
// Case (numbers decimal, operands hexadecimal):
//   swap kept_a kept_w L double_buffered folds steps held stalls
//   per fold     rows cols steps ready      (ready: first cycle in which the tile is there)
//   per stalled cycle, from cycle 0 on: 2 * load_ready + feed_ready; later cycles are all ready
//   WS = 0: per step of every fold: R row operands, then C column operands; M lanes each, lane M-1 first
//   WS = 1: per step of every fold: R row operands; then per held row of every fold: C operands
// `steps` and `held` above are the sums over the folds of their steps and (WS = 1) rows.
//
// Log:
//   c lanes phases                  configuration taken (blocked MAC units only)
//   l CYCLE FOLD / f CYCLE FOLD     first row of the fold's load / first phase of its stream enters
//   o CYCLE COLUMN VALUE            output, hexadecimal value
//   x CYCLE                         a result was lost in the output chain
//   e CYCLE                         end of case, or with "t" before it, time-out
`include "sizes.vh"
module tb_array #(
    parameter integer WS = 0,
    parameter integer R = 4,
    parameter integer C = 4,
    parameter integer K = 4,
    parameter integer M = 4,
    parameter integer FXP = 0
) (
    input clk
);
    localparam integer W = `LANES_BITS(M);
    localparam integer FOLDS = 16;
    localparam integer STEPS = 2048;    // over all folds
    localparam integer STALLS = 1024;
    localparam integer LIMIT = 100000;

    // The case.
    reg               swap, double_buffered;
    reg [3:0]         kept_a, kept_w;
    reg [6:0]         products;
    integer           folds, steps, held, stalls;
    reg [5:0]         fold_rows [0:FOLDS-1];
    reg [5:0]         fold_cols [0:FOLDS-1];
    reg [15:0]        fold_steps [0:FOLDS-1];
    integer           fold_ready [0:FOLDS-1];
    integer           step_base [0:FOLDS-1];
    integer           held_base [0:FOLDS-1];
    reg [R*W-1:0]     row_memory [0:STEPS-1];
    reg [C*W-1:0]     col_memory [0:STEPS-1];
    reg [1:0]         ready_memory [0:STALLS-1];

    localparam [1:0] READ = 0, CONFIGURE = 1, RUN = 2;
    reg [1:0] state = READ;
    reg       rst = 1'b1;
    reg       start = 1'b0;
    integer   cycle = 0;
    integer   idle = 0;
    wire      running = state == RUN;
    wire [1:0] ready = (cycle < stalls) ? ready_memory[cycle] : 2'b11;

    wire [`ORDER_BITS(K, M)-1:0] order;
    wire [6:0] lanes, phases;
    wire       busy;
    generate
        if (FXP != 0) begin : g_fxp
            assign order = 0;
            assign lanes = 7'd1;
            assign phases = 7'd1;
            assign busy = 1'b0;
        end else begin : g_order
            product_order #(.K(K), .M(M)) product_order (
                .clk(clk), .rst(rst), .start(start), .swap(swap), .kept_a(kept_a), .kept_w(kept_w),
                .products(products), .order(order), .lanes(lanes), .phases(phases), .busy(busy)
            );
        end
    endgenerate

    wire [15:0]      load_fold, feed_fold, step;
    wire [5:0]       load_row;
    wire             load_first, load_fire, feed_first, feed_fire, overrun;
    wire [C-1:0]     out_valid;
    wire [C*32-1:0]  out;
    wire             feed_valid = running && feed_fold < folds;
    wire             load_valid = running && load_fold < folds;
    wire [3:0]       feed_at = feed_fold[3:0];
    wire [3:0]       load_at = load_fold[3:0];
    wire [R*W-1:0]   row_operands = row_memory[step_base[feed_at] + step];
    generate
        if (WS == 0) begin : g_os
            wire last;
            array_os #(.R(R), .C(C), .K(K), .M(M), .FXP(FXP)) array (
                .clk(clk), .rst(rst), .order(order), .phases(phases),
                .fold_valid(feed_valid), .fold_rows(fold_rows[feed_at]),
                .fold_cols(fold_cols[feed_at]), .fold_steps(fold_steps[feed_at]),
                .tile_ready(fold_ready[feed_at] <= cycle), .feed_ready(ready[0]),
                .fold(feed_fold), .step(step), .fire(feed_fire), .first(feed_first), .last(last),
                .row_operands(row_operands), .col_operands(col_memory[step_base[feed_at] + step]),
                .out_valid(out_valid), .out(out), .overrun(overrun)
            );
            assign load_fold = feed_fold;
            assign load_row = 6'd0;
            assign load_first = 1'b0;
            assign load_fire = 1'b0;
        end else begin : g_ws
            array_ws #(.R(R), .C(C), .K(K), .M(M), .FXP(FXP)) array (
                .clk(clk), .rst(rst), .order(order), .phases(phases), .double_buffered(double_buffered),
                .load_fold_valid(load_valid), .load_fold_rows(fold_rows[load_at]),
                .load_fold_cols(fold_cols[load_at]), .tile_ready(fold_ready[load_at] <= cycle),
                .load_ready(ready[1]), .load_fold(load_fold), .load_row(load_row),
                .load_fire(load_fire), .load_first(load_first),
                .load_operands(col_memory[held_base[load_at] + load_row]),
                .feed_fold_valid(feed_valid), .feed_fold_rows(fold_rows[feed_at]),
                .feed_fold_steps(fold_steps[feed_at]), .feed_ready(ready[0]),
                .feed_fold(feed_fold), .step(step), .feed_fire(feed_fire), .feed_first(feed_first),
                .feed_operands(row_operands), .out_valid(out_valid), .out(out)
            );
            assign overrun = 1'b0;
        end
    endgenerate

    // Public, or Verilator 5.006 takes the handle for a local variable.
    integer cases /*verilator public*/;
    integer log, got, i, n;
    reg [8*256-1:0] name;
    reg [W-1:0] operand;
    initial begin
        if (!$value$plusargs("cases=%s", name)) $finish;
        cases = $fopen(name, "r");
        if (!$value$plusargs("log=%s", name)) $finish;
        log = $fopen(name, "w");
    end

    task read_row(input integer at);
        for (i = 0; i < R; i = i + 1) begin
            got = $fscanf(cases, "%h", operand);
            row_memory[at][i*W +: W] = operand;
        end
    endtask
    task read_col(input integer at);
        for (i = 0; i < C; i = i + 1) begin
            got = $fscanf(cases, "%h", operand);
            col_memory[at][i*W +: W] = operand;
        end
    endtask

    // Reads the next case; leaves got < 9 at the end of the file.
    task read_case;
        begin
            got = $fscanf(cases, "%d %d %d %d %d %d %d %d %d", swap, kept_a, kept_w, products, double_buffered,
                          folds, steps, held, stalls);
            if (got == 9) begin
                for (n = 0; n < folds; n = n + 1) begin
                    got = $fscanf(cases, "%d %d %d %d", fold_rows[n], fold_cols[n], fold_steps[n], fold_ready[n]);
                    step_base[n] = (n == 0) ? 0 : step_base[n-1] + fold_steps[n-1];
                    held_base[n] = (n == 0) ? 0 : held_base[n-1] + fold_rows[n-1];
                end
                for (n = 0; n < stalls; n = n + 1) got = $fscanf(cases, "%d", ready_memory[n]);
                for (n = 0; n < steps; n = n + 1) begin
                    read_row(n);
                    if (WS == 0) read_col(n);
                end
                for (n = 0; n < held; n = n + 1) read_col(n);
                got = 9;
            end
        end
    endtask

    integer j;
    always @(posedge clk) case (state)
        READ: begin
            read_case;
            if (got != 9) begin
                $fclose(log);
                $finish;
            end
            rst <= 1'b0;
            start <= 1'b1;
            state <= CONFIGURE;
        end
        CONFIGURE: begin
            start <= 1'b0;
            if (!start && !busy) begin
                $fwrite(log, "c %0d %0d\n", lanes, phases);
                cycle <= 0;
                idle <= 0;
                state <= RUN;
            end
        end
        default: begin
            if (load_fire && load_first) $fwrite(log, "l %0d %0d\n", cycle, load_fold);
            if (feed_fire && feed_first) $fwrite(log, "f %0d %0d\n", cycle, feed_fold);
            for (j = 0; j < C; j = j + 1)
                if (out_valid[j]) $fwrite(log, "o %0d %0d %h\n", cycle, j, out[j*32 +: 32]);
            if (overrun) $fwrite(log, "x %0d\n", cycle);
            cycle <= cycle + 1;
            idle <= (feed_fold == folds) ? idle + 1 : 0;
            // Longer than the longest way out of the array.
            if (idle > 2 * R + C + 4 || cycle == LIMIT) begin
                if (cycle == LIMIT) $fwrite(log, "t\n");
                $fwrite(log, "e %0d\n", cycle);
                rst <= 1'b1;
                state <= READ;
            end
        end
    endcase
endmodule
