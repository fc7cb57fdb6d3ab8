;;! stage = "baseline"  cpu = "avx"
(module
  (func (param f64 f64) (result f64) (f64.add (local.get 0) (local.get 1)))
  (func (param f32 f32) (result f32) (f32.sub (local.get 1) (local.get 0)))
  (func (param f64) (result f64) (f64.mul (local.get 0) (f64.const 0.5)))
  (func (param f64 f64) (result f64) (f64.min (local.get 0) (local.get 1)))
  (func (param f32 f32) (result f32) (f32.copysign (local.get 0) (local.get 1)))
  (func (result f64) (f64.const 0)))
;;= func[0]:
;;=   (prologue)
;;=   vaddsd xmm2, xmm0, xmm1
;;=   vmovaps xmm0, xmm2
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   vsubss xmm2, xmm1, xmm0
;;=   vmovaps xmm0, xmm2
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   vmulsd xmm1, xmm0, qword ptr [0x3fe0000000000000]
;;=   vmovaps xmm0, xmm1
;;=   (epilogue) ret
;;=   .const 0x3fe0000000000000
;;= func[3]:
;;=   (prologue)
;;=   vucomisd xmm0, xmm1
;;=   jz L3
;;=   vminsd xmm2, xmm0, xmm1
;;= L1:
;;=   vmovaps xmm0, xmm2
;;=   (epilogue) ret
;;= L3:
;;=   jp L4
;;=   vorpd xmm2, xmm0, xmm1
;;=   jmp L1
;;= L4:
;;=   vaddsd xmm2, xmm0, xmm1
;;=   jmp L1
;;= func[4]:
;;=   (prologue)
;;=   vxorps xmm15, xmm0, xmm1
;;=   vpsrld xmm15, xmm15, 0x1F
;;=   vpslld xmm15, xmm15, 0x1F
;;=   vxorps xmm2, xmm0, xmm15
;;=   vmovaps xmm0, xmm2
;;=   (epilogue) ret
;;= func[5]:
;;=   (prologue)
;;=   vxorps xmm0, xmm0, xmm0
;;=   (epilogue) ret
