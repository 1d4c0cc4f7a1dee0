// Takes apart the control words {flag, valid, first, last, phase} of N PEs (sizes.vh).
`include "sizes.vh"
module control_fields #(
    parameter integer N = 1
) (
    input      [N*`CONTROL_BITS-1:0]  control,
    output reg [N-1:0]                flag,
    output reg [N-1:0]                valid,
    output reg [N-1:0]                first,
    output reg [N-1:0]                last,
    output reg [N*6-1:0]              phase
);
    integer n;
    always @*
        for (n = 0; n < N; n = n + 1) begin
            flag[n]        = control[n*`CONTROL_BITS + 9];
            valid[n]       = control[n*`CONTROL_BITS + 8];
            first[n]       = control[n*`CONTROL_BITS + 7];
            last[n]        = control[n*`CONTROL_BITS + 6];
            phase[n*6 +: 6] = control[n*`CONTROL_BITS +: 6];
        end
endmodule
