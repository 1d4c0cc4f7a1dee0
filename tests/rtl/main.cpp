// Clock for a test bench under Verilator: toggles until the bench calls $finish.
#include "verilated.h"
#include "Vtop.h"

int main(int argc, char** argv) {
    VerilatedContext context;
    context.commandArgs(argc, argv);
    Vtop top{&context};
    while (!context.gotFinish()) {
        top.clk = !top.clk;
        top.eval();
    }
    top.final();
    return 0;
}
