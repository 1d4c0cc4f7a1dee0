// Sizes that several modules share.
//
// Operand, 12 bits: {negative, top index p [2:0], window [7:0]}, the lowest kept block in the window's lowest
// bits. The fixed-point PE takes the same word with the magnitude in the window and the index ignored.
// A PE takes M operands a cycle on each side ("lanes"), lane 0 in the lowest bits; with L products a MAC,
// floor(M / L) lanes are used (one if L > M).
`define OPERAND_BITS 12
`define LANES_BITS(M) ((M) * `OPERAND_BITS)

// Entry of the product order, what one block multiplier does in one cycle:
// {used, lane [5:0], row shift [2:0], column shift [2:0], u + v [3:0]}. A shift brings the block of its operand
// to the bottom of the window. M entries a phase, as many phases as all N x N products of 8-bit operands take.
`define ENTRY_BITS 17
`define BLOCKS(K) ((8 + (K) - 1) / (K))
`define PHASES(K, M) ((`BLOCKS(K) * `BLOCKS(K) + (M) - 1) / (M))
`define ORDER_BITS(K, M) (`PHASES(K, M) * (M) * `ENTRY_BITS)

// Control that goes with the operands of a row: {flag, valid, first, last, phase [5:0]}. "First" starts a sum anew,
// "last" completes it; what the flag says is up to the dataflow.
`define CONTROL_BITS 10
