;;! stage = "baseline" cpu = "sse4.1"
;; The same without AVX: two-operand forms, so that a value in use is copied first.
(module
  (func (param v128) (result v128) (i16x8.mul (local.get 0) (v128.const i16x8 3 3 3 3 3 3 3 3)))
  (func (param v128 v128) (local v128)
    (local.set 2 (i8x16.sub (local.get 0) (local.get 1)))
    (local.set 0 (v128.and (local.get 2) (local.get 0))))
  (func (param v128 v128 i32) (result v128)
    (select (local.get 0) (i32x4.shl (local.get 1) (i32.const 35)) (local.get 2)))
  (func (param v128 i32) (result v128) (i64x2.shr_u (local.get 0) (local.get 1)))
  (func (param v128) (result i32)
    (if (result i32) (v128.any_true (local.get 0)) (then (i32.const 1)) (else (i32.const 2)))))
;;= func[0]:
;;=   (prologue)
;;=   movaps xmm1, xmm0
;;=   pmullw xmm1, [0x3000300030003]
;;=   movaps xmm0, xmm1
;;=   (epilogue) ret
;;=   .const 0x3000300030003
;;=   .const 0x3000300030003
;;= func[1]:
;;=   (prologue)
;;=   xorps xmm15, xmm15
;;=   movups [rbp-0x40], xmm15
;;=   movaps xmm2, xmm0
;;=   psubb xmm2, xmm1
;;=   pand xmm0, xmm2
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   movaps xmm2, xmm1
;;=   pslld xmm2, 0x03
;;=   test eax, eax
;;=   movaps xmm3, xmm0
;;=   jnz L1
;;=   movaps xmm3, xmm2
;;= L1:
;;=   movaps xmm0, xmm3
;;=   (epilogue) ret
;;= func[3]:
;;=   (prologue)
;;=   mov r11d, eax
;;=   and r11d, 0x3F
;;=   movd xmm15, r11d
;;=   movaps xmm1, xmm0
;;=   psrlq xmm1, xmm15
;;=   movaps xmm0, xmm1
;;=   (epilogue) ret
;;= func[4]:
;;=   (prologue)
;;=   ptest xmm0, xmm0
;;=   jz L1
;;=   mov eax, 0x01
;;=   jmp L2
;;= L1:
;;=   mov eax, 0x02
;;= L2:
;;=   (epilogue) ret
