;;! stage = "baseline" cpu = "avx" memory = "explicit"
;; The end of each access is compared with the size of the memory.
(module
  (memory 1)
  (func (param i32) (result v128) (v128.load offset=16 (local.get 0)))
  (func (param i32 v128) (result v128) (v128.load16_lane 5 (local.get 0) (local.get 1)))
  (func (param i32 v128) (v128.store8_lane 15 (local.get 0) (local.get 1))))
;;= func[0]:
;;=   (prologue)
;;=   lea rcx, [rax+0x20]
;;=   mov r11, [instance.memory0]
;;=   cmp rcx, [r11+0x08]
;;=   jnbe L2
;;=   vmovups xmm0, [rbx+rax*1+0x10]
;;=   (epilogue) ret
;;= L2:
;;=   trap MemoryOutOfBounds
;;= func[1]:
;;=   (prologue)
;;=   lea rcx, [rax+0x02]
;;=   mov r11, [instance.memory0]
;;=   cmp rcx, [r11+0x08]
;;=   jnbe L2
;;=   vpinsrw xmm1, xmm0, word ptr [rbx+rax*1], 0x05
;;=   vmovaps xmm0, xmm1
;;=   (epilogue) ret
;;= L2:
;;=   trap MemoryOutOfBounds
;;= func[2]:
;;=   (prologue)
;;=   lea rcx, [rax+0x01]
;;=   mov r11, [instance.memory0]
;;=   cmp rcx, [r11+0x08]
;;=   jnbe L2
;;=   vpextrb byte ptr [rbx+rax*1], xmm0, 0x0F
;;=   (epilogue) ret
;;= L2:
;;=   trap MemoryOutOfBounds
