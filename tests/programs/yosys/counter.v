module counter(input clk, input rst, input [3:0] step, output reg [7:0] count, output odd);
  assign odd = ^count;
  always @(posedge clk)
    if (rst) count <= 0;
    else count <= count + {4'b0, step} * 3;
endmodule
