// Test bench of converter.v for K = 1 to 8 and of requantise.v. Not synthesizable.
// +cases=FILE has lines of numbers, +log=FILE gets a line for each:
//   0 K m kept dynamic top nearest signed   every value, as the operand words' hexadecimal digits one after another:
//                                           0 to 2^m - 1, then, if signed, the same with a minus sign
//   1 accumulator bias multiplier shift signed greatest   sign and magnitude, as two numbers
`include "sizes.vh"
module tb_converter (
    input clk
);
    reg        dynamic, nearest, signed_in;
    reg [3:0]  magnitude_bits, kept, block_bits;
    reg [2:0]  top;
    reg        negative = 1'b0;
    reg [8:0]  magnitude = 9'd0;
    wire [`OPERAND_BITS-1:0] operands [1:8];
    genvar k;
    generate
        for (k = 1; k <= 8; k = k + 1) begin : g_blocks
            converter #(.K(k)) converter (
                .magnitude_bits(magnitude_bits), .kept(kept), .dynamic(dynamic), .static_top(top),
                .nearest(nearest), .negative(negative), .magnitude(magnitude[7:0]), .operand(operands[k])
            );
        end
    endgenerate

    reg  [31:0] accumulator, bias;
    reg  [15:0] multiplier;
    reg  [5:0]  shift;
    reg  [7:0]  greatest;
    wire        out_negative;
    wire [7:0]  out_magnitude;
    requantise requantise (
        .accumulator(accumulator), .bias(bias), .multiplier(multiplier), .shift(shift), .signed_out(signed_in),
        .greatest(greatest),
        .negative(out_negative), .magnitude(out_magnitude)
    );

    localparam [1:0] READ = 0, CONVERT = 1, REQUANTISE = 2;
    reg [1:0] state = READ;
    // Public, or Verilator 5.006 takes the handle for a local variable.
    integer cases /*verilator public*/;
    integer log, got, what;
    reg [8*256-1:0] name;
    initial begin
        if (!$value$plusargs("cases=%s", name)) $finish;
        cases = $fopen(name, "r");
        if (!$value$plusargs("log=%s", name)) $finish;
        log = $fopen(name, "w");
    end

    always @(posedge clk) case (state)
        READ: begin
            got = $fscanf(cases, "%d", what);
            negative <= 1'b0;
            magnitude <= 9'd0;
            if (got != 1) begin
                $fclose(log);
                $finish;
            end else if (what == 0) begin
                got = $fscanf(cases, "%d %d %d %d %d %d %d", block_bits, magnitude_bits, kept, dynamic, top,
                              nearest, signed_in);
                state <= CONVERT;
            end else begin
                got = $fscanf(cases, "%d %d %d %d %d %d", accumulator, bias, multiplier, shift, signed_in, greatest);
                state <= REQUANTISE;
            end
        end
        CONVERT: begin
            $fwrite(log, "%h", operands[block_bits]);
            magnitude <= magnitude + 9'd1;
            if (magnitude + 9'd1 == 9'd1 << magnitude_bits) begin
                magnitude <= 9'd0;
                negative <= 1'b1;
                if (negative || !signed_in) begin
                    $fwrite(log, "\n");
                    state <= READ;
                end
            end
        end
        default: begin
            $fwrite(log, "%0d %0d\n", out_negative, out_magnitude);
            state <= READ;
        end
    endcase
endmodule
