;;! stage = "baseline"
;; Validation has checked the type: what is left is null, and only where the reference may be that.
(module
  (type $t (func (param i32) (result i32)))
  (func (param (ref null $t)) (result i32) (call_ref $t (i32.const 7) (local.get 0)))
  (func (param (ref $t)) (result i32) (call_ref $t (i32.const 7) (local.get 0)))
  (func (param (ref null $t)) (result i32) (return_call_ref $t (i32.const 7) (local.get 0))))
;;= func[0]:
;;=   (prologue)
;;=   mov [rbp-0x10], rax
;;=   mov r10, rax
;;=   mov eax, 0x07
;;=   test r10, r10
;;=   jz L2
;;=   mov r14, [r10+0x08]
;;=   mov r10d, [r10+0x04]
;;=   add r10, [instance.code_base]
;;=   mov rbx, [instance.memory0_base]
;;=   call r10
;;=   mov r14, [rbp-0x08]
;;=   (epilogue) ret
;;= L2:
;;=   trap NullFunctionReference
;;= func[1]:
;;=   (prologue)
;;=   mov [rbp-0x10], rax
;;=   mov r10, rax
;;=   mov eax, 0x07
;;=   mov r14, [r10+0x08]
;;=   mov r10d, [r10+0x04]
;;=   add r10, [instance.code_base]
;;=   mov rbx, [instance.memory0_base]
;;=   call r10
;;=   mov r14, [rbp-0x08]
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   mov r10, rax
;;=   mov eax, 0x07
;;=   test r10, r10
;;=   jz L5
;;=   mov r9, [r10+0x08]
;;=   mov r10d, [r10+0x04]
;;=   add r10, [r9+0x30]
;;=   cmp r9, r14
;;=   jnz L2
;;= L1:
;;=   (epilogue) jmp r10
;;= L2:
;;=   mov r11, [rbp+0x08]
;;=   mov r11d, [r11]
;;=   cmp r11d, 0xF8758B4C
;;=   mov r14, r9
;;=   mov rbx, [instance.memory0_base]
;;=   jnz L3
;;=   cmp qword ptr [instance.0x50], 0x00
;;=   jnz L3
;;=   jmp L1
;;= L3:
;;=   call r10
;;=   mov r14, [rbp-0x08]
;;=   (epilogue) ret
;;= L5:
;;=   trap NullFunctionReference
