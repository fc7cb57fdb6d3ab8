;;! stage = "baseline" cpu = "avx" frame = "shown"
;; A v128 in locals, across a call (16 bytes each in the frame), as a constant and as a result.
(module
  (func $callee (param v128) (result v128) (local.get 0))
  (func (param v128 i32) (result v128) (local v128)
    (i32x4.add
      (i32x4.add (local.get 0) (v128.const i32x4 1 2 3 4))
      (call $callee (v128.xor (local.get 0) (local.get 2)))))
  (func (result v128 v128) (v128.const i64x2 0 0) (v128.const i64x2 -1 -1)))
;;= func[0]:
;;=   (prologue)
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   mov qword ptr [rbp-0x30], 0x00
;;=   vxorps xmm15, xmm15, xmm15
;;=   vmovups [rbp-0x40], xmm15
;;=   vpaddd xmm1, xmm0, [0x200000001]
;;=   vmovups xmm2, [rbp-0x40]
;;=   vpxor xmm3, xmm0, xmm2
;;=   mov [rbp-0x28], eax
;;=   vmovups [rbp-0x20], xmm0
;;=   vmovups [rbp-0x50], xmm1
;;=   vmovaps xmm0, xmm3
;;=   call func[0]
;;=   vmovups xmm1, [rbp-0x50]
;;=   vpaddd xmm1, xmm1, xmm0
;;=   vmovaps xmm0, xmm1
;;=   (epilogue) ret
;;=   .const 0x200000001
;;=   .const 0x400000003
;;= func[2]:
;;=   (prologue)
;;=   vpxor xmm0, xmm0, xmm0
;;=   vpcmpeqd xmm1, xmm1, xmm1
;;=   (epilogue) ret
