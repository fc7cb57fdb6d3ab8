;;! stage = "baseline"
;; Landings stand before the body: a handler finds locals in their homes and takes the values.
(module
  (tag $num (param i32))
  (func $f (param i32))
  (func (param i32) (result i32)
    (block $caught (result i32)
      (try_table (catch $num $caught) (call $f (local.get 0)))
      (local.get 0)))
  (func (param i32) (result exnref)
    (block $caught (result exnref)
      (try_table (catch_all_ref $caught) (call $f (local.get 0)))
      (ref.null exn))))
;;= func[0]:
;;=   (prologue)
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   jmp L2
;;= L1: catches tag 0
;;=   mov r14, [rbp-0x08]
;;=   mov r11, [instance.context]
;;=   mov r11, [r11+0x30]
;;=   mov eax, [r11]
;;=   jmp L3
;;= L2:
;;=   (try block 0)
;;=   mov [rbp-0x10], eax
;;=   call func[0]
;;=   (no try block)
;;=   mov eax, [rbp-0x10]
;;= L3:
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   jmp L2
;;= L1: catches all
;;=   mov r14, [rbp-0x08]
;;=   mov rdi, r14
;;=   mov eax, 0x12
;;=   call [instance.builtin_trampoline]
;;=   test edx, edx
;;=   jnz L5
;;=   jmp L3
;;= L2:
;;=   (try block 0)
;;=   mov [rbp-0x10], eax
;;=   call func[0]
;;=   (no try block)
;;=   mov eax, 0x00
;;= L3:
;;=   (epilogue) ret
;;= L5:
;;=   trap reason in rdx
