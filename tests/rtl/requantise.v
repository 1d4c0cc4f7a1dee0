// Accumulator to operand: adds a bias, scales by multiplier / 2^shift, rounds to nearest with ties away from zero, and
// saturates. Combinational; converter.v follows it.
//
//   accumulator      32 bits, two's complement
//   bias             32 bits, two's complement
//   multiplier       16 bits, unsigned
//   shift            0 to 47
//   signed_out       the operand has a sign; else negative values become zero
//   greatest         greatest magnitude: 2^m - 1, or less where an activation ends earlier
module requantise (
    input  [31:0]  accumulator,
    input  [31:0]  bias,
    input  [15:0]  multiplier,
    input  [5:0]   shift,
    input          signed_out,
    input  [7:0]   greatest,
    output         negative,
    output [7:0]   magnitude
);
    wire [32:0] sum       = {accumulator[31], accumulator} + {bias[31], bias};
    wire        below     = sum[32];
    wire [32:0] absolute  = below ? -sum : sum;
    wire [48:0] product   = {16'd0, absolute} * {33'd0, multiplier};
    wire [49:0] half      = (shift == 6'd0) ? 50'd0 : 50'd1 << (shift - 6'd1);
    wire [49:0] rounded   = ({1'b0, product} + half) >> shift;
    wire [7:0]  saturated = (rounded > {42'd0, greatest}) ? greatest : rounded[7:0];

    assign magnitude = (below && !signed_out) ? 8'd0 : saturated;
    assign negative  = below && signed_out && magnitude != 8'd0;
endmodule
