;;! stage = "baseline" cpu = "avx2 fma"
;; One rounding with FMA; the others as the processor does them.
(module
  (func (param v128 v128 v128) (result v128)
    (f32x4.relaxed_madd (local.get 0) (local.get 1) (local.get 2)))
  (func (param v128 v128) (result v128) (f64x2.relaxed_min (local.get 0) (local.get 1)))
  (func (param v128 v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 1))))
;;= func[0]:
;;=   (prologue)
;;=   vmovaps xmm3, xmm0
;;=   vfmadd213ps xmm3, xmm1, xmm2
;;=   vmovaps xmm0, xmm3
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   vminpd xmm2, xmm0, xmm1
;;=   vmovaps xmm0, xmm2
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   vpshufb xmm2, xmm0, xmm1
;;=   vmovaps xmm0, xmm2
;;=   (epilogue) ret
