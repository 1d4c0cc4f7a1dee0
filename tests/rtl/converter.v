// Format converter: a value of up to 8 bits to the blocks it keeps. Combinational.
//
//   magnitude_bits   m: b - 1 for signed operands of b bits, b for unsigned ones
//   kept             n, 1 to N = ceil(m / K)
//   dynamic          the window follows the leading non-zero block; else its top block is `static_top`
//   nearest          round what lies below the window to nearest, ties away from zero; else truncate
//   negative, magnitude   the value, at most 2^m - 1 in magnitude (0 for `negative` of unsigned operands)
//   operand          {negative, top index p, window} (sizes.vh); zero has no sign
//
// A carry out of a dynamic window moves it up one block, where the carry is the window's only bit; at the top block,
// and in a static window, it saturates, as a static window's values above the largest representable one do.
`include "sizes.vh"
module converter #(
    parameter integer K = 4
) (
    input  [3:0]                 magnitude_bits,
    input  [3:0]                 kept,
    input                        dynamic,
    input  [2:0]                 static_top,
    input                        nearest,
    input                        negative,
    input  [7:0]                 magnitude,
    output [`OPERAND_BITS-1:0]   operand
);
    localparam integer BLOCKS = `BLOCKS(K);
    localparam [3:0]   BLOCK_BITS = K[3:0];
    localparam [31:0]  WIDTH = K;

    // Leading non-zero block of the value and last block of the operand.
    reg [3:0] leading, last;
    integer i;
    always @* begin
        leading = 4'd0;
        last = 4'd0;
        for (i = 0; i < BLOCKS; i = i + 1) begin
            if (magnitude >> (i * WIDTH) != 8'd0)            leading = i[3:0];
            if (i * WIDTH < {28'd0, magnitude_bits})         last = i[3:0];
        end
    end

    // The window and what it can hold: n blocks, the top one short where K does not divide m.
    wire [3:0] lowest_top = kept - 4'd1;
    wire [3:0] top        = !dynamic ? {1'b0, static_top} : (leading > lowest_top) ? leading : lowest_top;
    wire [7:0] shift      = {4'd0, top - lowest_top} * {4'd0, BLOCK_BITS};
    wire [7:0] kept_bits  = {4'd0, kept} * {4'd0, BLOCK_BITS};
    wire [8:0] full       = ~(9'h1ff << kept_bits);
    wire [8:0] highest    = ~(9'h1ff << magnitude_bits) >> shift;
    wire [8:0] limit      = (full < highest) ? full : highest;

    wire [8:0] half       = (nearest && shift != 8'd0) ? 9'd1 << (shift - 8'd1) : 9'd0;
    wire [8:0] rounded    = ({1'b0, magnitude} + half) >> shift;
    wire       too_large  = rounded > limit;
    wire       move_up    = too_large && dynamic && top < last;
    wire [8:0] window     = move_up ? rounded >> BLOCK_BITS : too_large ? limit : rounded;
    wire [3:0] index      = move_up ? top + 4'd1 : top;
    wire       unused     = &{1'b0, window[8], index[3]};

    assign operand = {negative && window != 9'd0, index[2:0], window[7:0]};
endmodule
