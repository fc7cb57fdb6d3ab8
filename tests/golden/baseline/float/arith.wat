;;! stage = "baseline"
;; SSE: two operands, a copy where both are needed again.
(module
  (func (param f64 f64) (result f64) (f64.add (local.get 0) (local.get 1)))
  (func (param f32 f32) (result f32) (f32.sub (local.get 1) (local.get 0)))
  (func (param f64) (result f64) (f64.mul (local.get 0) (f64.const 0.5)))
  (func (param f64) (result f64) (f64.sqrt (local.get 0)))
  (func (param f64) (result f64) (f64.neg (local.get 0)))
  (func (param f32) (result f32) (f32.abs (local.get 0)))
  (func (param f64) (result f64) (f64.floor (local.get 0))))
;;= func[0]:
;;=   (prologue)
;;=   movaps xmm2, xmm0
;;=   addsd xmm2, xmm1
;;=   movaps xmm0, xmm2
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   movaps xmm2, xmm1
;;=   subss xmm2, xmm0
;;=   movaps xmm0, xmm2
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   movaps xmm1, xmm0
;;=   mulsd xmm1, [0x3fe0000000000000]
;;=   movaps xmm0, xmm1
;;=   (epilogue) ret
;;=   .const 0x3fe0000000000000
;;= func[3]:
;;=   (prologue)
;;=   sqrtsd xmm1, xmm0
;;=   movaps xmm0, xmm1
;;=   (epilogue) ret
;;= func[4]:
;;=   (prologue)
;;=   pcmpeqd xmm15, xmm15
;;=   psllq xmm15, 0x3F
;;=   movaps xmm1, xmm0
;;=   xorps xmm1, xmm15
;;=   movaps xmm0, xmm1
;;=   (epilogue) ret
;;= func[5]:
;;=   (prologue)
;;=   movaps xmm1, xmm0
;;=   pslld xmm1, 0x01
;;=   psrld xmm1, 0x01
;;=   movaps xmm0, xmm1
;;=   (epilogue) ret
;;= func[6]:
;;=   (prologue)
;;=   roundsd xmm1, xmm0, 0x09
;;=   movaps xmm0, xmm1
;;=   (epilogue) ret
