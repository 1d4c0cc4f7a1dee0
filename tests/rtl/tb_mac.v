// Test bench of the whole arithmetic: two converters and a blocked MAC unit, for several K and M, over all pairs of
// values. Not synthesizable.
// +cases=FILE has lines of numbers, +log=FILE gets a line for each:
//   unit swap L, then for activation and weight each: m kept dynamic top nearest signed
// Logged: "lanes phases:" and the low 20 bits of every product, 5 hexadecimal digits each: activation by activation, 0
// to 2^m - 1 and, if signed, the same with a minus sign; for each all weights in the same order. The pair goes through the
// MAC's lanes in turn; the other lanes are zero.
`include "sizes.vh"

// Both operands from value to product.
module mac_bench #(
    parameter integer K = 4,
    parameter integer M = 4
) (
    input          clk,
    input          rst,
    input          start,
    input          swap,
    input  [6:0]   products,
    input  [9:0]   format_a,     // {m [3:0], kept [3:0], dynamic, nearest}
    input  [9:0]   format_w,
    input  [2:0]   top_a,
    input  [2:0]   top_w,
    input  [8:0]   value_a,      // {negative, magnitude}
    input  [8:0]   value_w,
    input  [6:0]   lane,
    input          enable,
    input  [5:0]   phase,
    output [6:0]   lanes,
    output [6:0]   phases,
    output         busy,
    output [31:0]  sum
);
    wire [`OPERAND_BITS-1:0] a, w;
    converter #(.K(K)) convert_a (
        .magnitude_bits(format_a[9:6]), .kept(format_a[5:2]), .dynamic(format_a[1]), .nearest(format_a[0]),
        .static_top(top_a), .negative(value_a[8]), .magnitude(value_a[7:0]), .operand(a)
    );
    converter #(.K(K)) convert_w (
        .magnitude_bits(format_w[9:6]), .kept(format_w[5:2]), .dynamic(format_w[1]), .nearest(format_w[0]),
        .static_top(top_w), .negative(value_w[8]), .magnitude(value_w[7:0]), .operand(w)
    );
    wire [`ORDER_BITS(K, M)-1:0] order;
    product_order #(.K(K), .M(M)) product_order (
        .clk(clk), .rst(rst), .start(start), .swap(swap), .kept_a(format_a[5:2]), .kept_w(format_w[5:2]),
        .products(products), .order(order), .lanes(lanes), .phases(phases), .busy(busy)
    );
    wire [`LANES_BITS(M)-1:0] one = 1;
    wire [`LANES_BITS(M)-1:0] mask = (one << `OPERAND_BITS) - one;
    wire [`LANES_BITS(M)-1:0] row = (mask & (swap ? w : a)) << (lane * `OPERAND_BITS);
    wire [`LANES_BITS(M)-1:0] col = (mask & (swap ? a : w)) << (lane * `OPERAND_BITS);
    blocked_mac #(.K(K), .M(M)) mac (
        .clk(clk), .order(order), .enable(enable), .first(phase == 6'd0), .phase(phase),
        .row(row), .col(col), .sum(sum)
    );
endmodule

module tb_mac (
    input clk
);
    localparam integer UNITS = 8;
    reg  [3:0] unit;
    reg        swap, start = 1'b0, rst = 1'b1;
    reg  [6:0] products;
    reg  [3:0] m_a, m_w, kept_a, kept_w;
    reg        dynamic_a, dynamic_w, nearest_a, nearest_w, signed_a, signed_w;
    reg  [2:0] top_a, top_w;
    reg  [8:0] value_a, value_w;
    reg  [6:0] lane;
    reg  [5:0] phase;
    wire [6:0] lanes [0:UNITS-1];
    wire [6:0] phases [0:UNITS-1];
    wire [UNITS-1:0] busy;
    wire [31:0] sums [0:UNITS-1];

    localparam [1:0] READ = 0, CONFIGURE = 1, RUN = 2;
    reg [1:0] state = READ;
    wire running = state == RUN;

    `define UNIT(N, BLOCK, MULTIPLIERS) \
        mac_bench #(.K(BLOCK), .M(MULTIPLIERS)) unit_``N ( \
            .clk(clk), .rst(rst), .start(start && unit == N), .swap(swap), .products(products), \
            .format_a({m_a, kept_a, dynamic_a, nearest_a}), .format_w({m_w, kept_w, dynamic_w, nearest_w}), \
            .top_a(top_a), .top_w(top_w), .value_a(value_a), .value_w(value_w), .lane(lane), \
            .enable(running && unit == N), .phase(phase), \
            .lanes(lanes[N]), .phases(phases[N]), .busy(busy[N]), .sum(sums[N]));
    `UNIT(0, 1, 64)
    `UNIT(1, 2, 16)
    `UNIT(2, 2, 3)
    `UNIT(3, 3, 5)
    `UNIT(4, 4, 4)
    `UNIT(5, 4, 1)
    `UNIT(6, 5, 3)
    `UNIT(7, 8, 2)

    // Public, or Verilator 5.006 takes the handle for a local variable.
    integer cases /*verilator public*/;
    integer log, got;
    reg [8*256-1:0] name;
    initial begin
        if (!$value$plusargs("cases=%s", name)) $finish;
        cases = $fopen(name, "r");
        if (!$value$plusargs("log=%s", name)) $finish;
        log = $fopen(name, "w");
    end

    wire last_w = value_w[7:0] == (8'hff >> (4'd8 - m_w)) && value_w[8] == signed_w;
    wire last_a = value_a[7:0] == (8'hff >> (4'd8 - m_a)) && value_a[8] == signed_a;
    wire wrap_w = value_w[7:0] == (8'hff >> (4'd8 - m_w));
    wire wrap_a = value_a[7:0] == (8'hff >> (4'd8 - m_a));
    always @(posedge clk) begin
        rst <= 1'b0;
        case (state)
            READ: begin
                got = $fscanf(cases, "%d %d %d", unit, swap, products);
                if (got == 3) begin
                    got = $fscanf(cases, "%d %d %d %d %d %d", m_a, kept_a, dynamic_a, top_a, nearest_a, signed_a);
                    got = $fscanf(cases, "%d %d %d %d %d %d", m_w, kept_w, dynamic_w, top_w, nearest_w, signed_w);
                    start <= 1'b1;
                    state <= CONFIGURE;
                end else begin
                    $fclose(log);
                    $finish;
                end
            end
            CONFIGURE: begin
                start <= 1'b0;
                value_a <= 9'd0;
                value_w <= 9'd0;
                lane <= 7'd0;
                phase <= 6'd0;
                if (!start && !busy[unit]) begin
                    $fwrite(log, "%0d %0d:", lanes[unit], phases[unit]);
                    state <= RUN;
                end
            end
            default: begin
                phase <= phase + 6'd1;
                if (phase + 6'd1 == phases[unit]) begin
                    phase <= 6'd0;
                    $fwrite(log, "%h", sums[unit][19:0]);
                    lane <= (lane + 7'd1 == lanes[unit]) ? 7'd0 : lane + 7'd1;
                    value_w <= wrap_w ? {!value_w[8] && signed_w, 8'd0} : value_w + 9'd1;
                    if (last_w) begin
                        value_a <= wrap_a ? {!value_a[8] && signed_a, 8'd0} : value_a + 9'd1;
                        if (last_a) begin
                            $fwrite(log, "\n");
                            state <= READ;
                        end
                    end
                end
            end
        endcase
    end
endmodule
