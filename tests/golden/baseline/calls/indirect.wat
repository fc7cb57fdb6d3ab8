;;! stage = "baseline"
;; Bounds, signature, then the entry's code and instance.
(module
  (type $t (func (param i32) (result i32)))
  (table 10 funcref)
  (func (param i32 i32) (result i32) (call_indirect (type $t) (local.get 0) (local.get 1))))
;;= func[0]:
;;=   (prologue)
;;=   mov [rbp-0x10], eax
;;=   mov [rbp-0x18], ecx
;;=   mov r10d, ecx
;;=   mov r11, [instance.tables[0]]
;;=   cmp r10, [r11+0x08]
;;=   jnb L7
;;=   shl r10, 0x04
;;=   add r10, [r11]
;;=   mov r11d, [r10]
;;=   cmp r11d, 0x01
;;=   jnz L3
;;=   mov r11, [r10+0x08]
;;=   mov r10d, [r10+0x04]
;;=   cmp r11, r14
;;=   jnz L4
;;= L1:
;;=   add r10, [instance.code_base]
;;=   call r10
;;=   cmp r14, [rbp-0x08]
;;=   jnz L5
;;= L2:
;;=   (epilogue) ret
;;= L3:
;;=   test r11d, r11d
;;=   jz L8
;;=   jmp L9
;;= L4:
;;=   mov r14, r11
;;=   mov rbx, [instance.memory0_base]
;;=   jmp L1
;;= L5:
;;=   mov r14, [rbp-0x08]
;;=   jmp L2
;;= L7:
;;=   trap UndefinedElement
;;= L8:
;;=   trap UninitializedElement
;;= L9:
;;=   trap IndirectCallType
