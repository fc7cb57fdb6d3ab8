;;! stage = "baseline"
;; A legacy handler keeps its exception in a slot below the operands, to throw it again.
(module
  (tag $num (param i32))
  (func $f)
  (func (result i32)
    try (result i32)
      call $f
      i32.const 1
    catch $num
    catch_all
      rethrow 0
    end))
;;= func[0]:
;;=   (prologue)
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   (try block 0)
;;=   call func[0]
;;=   mov eax, 0x01
;;=   jmp L3
;;= L1: catches tag 0
;;=   (no try block)
;;=   mov r14, [rbp-0x08]
;;=   mov rdi, r14
;;=   mov eax, 0x12
;;=   call [instance.builtin_trampoline]
;;=   test edx, edx
;;=   jnz L5
;;=   mov [rbp-0x10], rax
;;=   mov r11, [instance.context]
;;=   mov r11, [r11+0x30]
;;=   mov eax, [r11]
;;=   jmp L3
;;= L2: catches all
;;=   mov r14, [rbp-0x08]
;;=   mov rdi, r14
;;=   mov eax, 0x12
;;=   call [instance.builtin_trampoline]
;;=   test edx, edx
;;=   jnz L6
;;=   mov [rbp-0x10], rax
;;=   mov rsi, [rbp-0x10]
;;=   mov rdi, r14
;;=   mov eax, 0x11
;;=   call [instance.builtin_trampoline]
;;=   test edx, edx
;;=   jnz L7
;;=   trap UncaughtException
;;= L3:
;;=   (epilogue) ret
;;= L5:
;;=   trap reason in rdx
;;= L6:
;;=   trap reason in rdx
;;= L7:
;;=   trap reason in rdx
