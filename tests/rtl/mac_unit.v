// The MAC unit of a PE: blocked (blocked_mac.v) or, with FXP = 1, fixed-point (fxp_mac.v, M = 1).
`include "sizes.vh"
module mac_unit #(
    parameter integer K = 4,
    parameter integer M = 4,
    parameter integer FXP = 0
) (
    input                            clk,
    input  [`ORDER_BITS(K, M)-1:0]   order,
    input                            enable,
    input                            first,
    input  [5:0]                     phase,
    input  [`LANES_BITS(M)-1:0]      row,
    input  [`LANES_BITS(M)-1:0]      col,
    output [31:0]                    sum
);
    generate
        if (FXP != 0) begin : g_fxp
            wire unused = &{1'b0, order, phase};
            fxp_mac mac (
                .clk(clk), .enable(enable), .first(first),
                .row(row[`OPERAND_BITS-1:0]), .col(col[`OPERAND_BITS-1:0]), .sum(sum)
            );
        end else begin : g_blocked
            blocked_mac #(.K(K), .M(M)) mac (
                .clk(clk), .order(order), .enable(enable), .first(first), .phase(phase),
                .row(row), .col(col), .sum(sum)
            );
        end
    endgenerate
endmodule
