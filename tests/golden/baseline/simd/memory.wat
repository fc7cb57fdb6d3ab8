;;! stage = "baseline" cpu = "avx"
;; Each access reads and writes as many bytes as its instruction says. An address is an i32: the sum
;; that makes it stays an addition of 32 bits.
(module
  (memory 1)
  (func (param i32) (result v128) (v128.load offset=16 (local.get 0)))
  (func (param i32 i32) (result v128) (v128.load offset=4 (i32.add (local.get 0) (local.get 1))))
  (func (param i32) (result v128) (v128.load8x8_u (local.get 0)))
  (func (param i32) (result v128) (v128.load32_splat (local.get 0)))
  (func (param i32) (result v128) (v128.load64_zero (local.get 0)))
  (func (param i32 v128) (result v128) (v128.load16_lane 5 (local.get 0) (local.get 1)))
  (func (param i32 v128) (v128.store8_lane 15 (local.get 0) (local.get 1)))
  (func (param i32 v128) (v128.store offset=0xffffffff (local.get 0) (local.get 1))))
;;= func[0]:
;;=   (prologue)
;;=   vmovups xmm0, [rbx+rax*1+0x10]
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   lea edx, [rax+rcx*1]
;;=   vmovups xmm0, [rbx+rdx*1+0x04]
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   vpmovzxbw xmm0, qword ptr [rbx+rax*1]
;;=   (epilogue) ret
;;= func[3]:
;;=   (prologue)
;;=   vbroadcastss xmm0, dword ptr [rbx+rax*1]
;;=   (epilogue) ret
;;= func[4]:
;;=   (prologue)
;;=   vmovsd xmm0, qword ptr [rbx+rax*1]
;;=   (epilogue) ret
;;= func[5]:
;;=   (prologue)
;;=   vpinsrw xmm1, xmm0, word ptr [rbx+rax*1], 0x05
;;=   vmovaps xmm0, xmm1
;;=   (epilogue) ret
;;= func[6]:
;;=   (prologue)
;;=   vpextrb byte ptr [rbx+rax*1], xmm0, 0x0F
;;=   (epilogue) ret
;;= func[7]:
;;=   (prologue)
;;=   mov r11d, 0xFFFFFFFF
;;=   lea r11, [r11+rax*1]
;;=   vmovups [rbx+r11*1], xmm0
;;=   (epilogue) ret
