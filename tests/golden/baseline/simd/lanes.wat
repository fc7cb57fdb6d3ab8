;;! stage = "baseline" cpu = "avx2"
;; The best instruction for each pattern of lanes.
(module
  (func (param v128 v128) (result v128)
    (i8x16.shuffle 4 5 6 7 0 1 2 3 12 13 14 15 8 9 10 11 (local.get 0) (local.get 1)))
  (func (param v128 v128) (result v128)
    (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get 0) (local.get 1)))
  (func (param v128 v128) (result v128)
    (i8x16.shuffle 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 (local.get 0) (local.get 1)))
  (func (param v128 v128) (result v128)
    (i8x16.shuffle 0 1 18 19 4 5 22 23 8 9 26 27 12 13 30 31 (local.get 0) (local.get 1)))
  (func (param v128 v128) (result v128)
    (i8x16.shuffle 31 0 30 1 29 2 28 3 27 4 26 5 25 6 24 7 (local.get 0) (local.get 1)))
  (func (param i32) (result v128) (i8x16.splat (local.get 0)))
  (func (param v128) (result i32) (i8x16.extract_lane_s 0 (local.get 0)))
  (func (param v128) (result f32) (f32x4.extract_lane 2 (local.get 0)))
  (func (param v128 f64) (result v128) (f64x2.replace_lane 1 (local.get 0) (local.get 1))))
;;= func[0]:
;;=   (prologue)
;;=   vpshufd xmm2, xmm0, 0xB1
;;=   vmovaps xmm0, xmm2
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   vpunpcklbw xmm2, xmm0, xmm1
;;=   vmovaps xmm0, xmm2
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   vpalignr xmm2, xmm1, xmm0, 0x05
;;=   vmovaps xmm0, xmm2
;;=   (epilogue) ret
;;= func[3]:
;;=   (prologue)
;;=   vpblendw xmm2, xmm0, xmm1, 0xAA
;;=   vmovaps xmm0, xmm2
;;=   (epilogue) ret
;;= func[4]:
;;=   (prologue)
;;=   vpshufb xmm15, xmm0, [0x380028001800080]
;;=   vpshufb xmm2, xmm1, [0x800c800d800e800f]
;;=   vpor xmm2, xmm2, xmm15
;;=   vmovaps xmm0, xmm2
;;=   (epilogue) ret
;;=   .const 0x380028001800080
;;=   .const 0x780068005800480
;;=   .const 0x800c800d800e800f
;;=   .const 0x80088009800a800b
;;= func[5]:
;;=   (prologue)
;;=   vmovd xmm0, eax
;;=   vpbroadcastb xmm0, xmm0
;;=   (epilogue) ret
;;= func[6]:
;;=   (prologue)
;;=   vpextrb eax, xmm0, 0x00
;;=   movsx eax, al
;;=   (epilogue) ret
;;= func[7]:
;;=   (prologue)
;;=   vpshufd xmm1, xmm0, 0x02
;;=   vmovaps xmm0, xmm1
;;=   (epilogue) ret
;;= func[8]:
;;=   (prologue)
;;=   vmovlhps xmm2, xmm0, xmm1
;;=   vmovaps xmm0, xmm2
;;=   (epilogue) ret
