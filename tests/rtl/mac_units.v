// The MAC units of an array's PEs: blocked (blocked_mac.v) or, with FXP = 1, fixed-point (fxp_mac.v, M = 1).
`include "sizes.vh"
module mac_units #(
    parameter integer K = 4,
    parameter integer M = 4,
    parameter integer FXP = 0,
    parameter integer UNITS = 1
) (
    input                                 clk,
    input      [`ORDER_BITS(K, M)-1:0]    order,
    input      [UNITS-1:0]                enable,
    input      [UNITS-1:0]                first,
    input      [UNITS*6-1:0]              phase,
    input      [UNITS*`LANES_BITS(M)-1:0] row,
    input      [UNITS*`LANES_BITS(M)-1:0] col,
    output     [UNITS*32-1:0]             sum
);
    generate
        if (FXP != 0) begin : g_fxp
            wire unused = &{1'b0, order, phase};
            fxp_mac #(.UNITS(UNITS)) macs (
                .clk(clk), .enable(enable), .first(first), .row(row), .col(col), .sum(sum)
            );
        end else begin : g_blocked
            blocked_mac #(.K(K), .M(M), .UNITS(UNITS)) macs (
                .clk(clk), .order(order), .enable(enable), .first(first), .phase(phase),
                .row(row), .col(col), .sum(sum)
            );
        end
    endgenerate
endmodule
