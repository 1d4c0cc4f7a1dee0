// Accumulator to operand: shifts right, rounding to nearest with ties away from zero, and saturates to the operand's
// range. Combinational; converter.v follows it.
//
//   accumulator      32 bits, two's complement
//   shift            0 to 31
//   signed_out       the operand has a sign; else negative values become zero
//   magnitude_bits   m of the operand
module requantise (
    input  [31:0]  accumulator,
    input  [4:0]   shift,
    input          signed_out,
    input  [3:0]   magnitude_bits,
    output         negative,
    output [7:0]   magnitude
);
    wire        below     = accumulator[31];
    wire [32:0] absolute  = below ? {1'b0, -accumulator} : {1'b0, accumulator};
    wire [32:0] half      = (shift == 5'd0) ? 33'd0 : 33'd1 << (shift - 5'd1);
    wire [32:0] rounded   = (absolute + half) >> shift;
    wire [32:0] limit     = ~({33{1'b1}} << magnitude_bits);
    wire [32:0] saturated = (rounded > limit) ? limit : rounded;
    wire        unused    = &{1'b0, saturated[32:8]};

    assign magnitude = (below && !signed_out) ? 8'd0 : saturated[7:0];
    assign negative  = below && signed_out && magnitude != 8'd0;
endmodule
