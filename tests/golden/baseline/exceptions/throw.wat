;;! stage = "baseline"
;; The values go to the store by way of the stack; the throw is a trap site in its place.
(module
  (tag $empty)
  (tag $pair (param i32 f64))
  (func (throw $empty))
  (func (param f64 i32) (throw $pair (local.get 1) (local.get 0)))
  (func (param exnref) (throw_ref (local.get 0))))
;;= func[0]:
;;=   (prologue)
;;=   mov esi, 0x00
;;=   mov rdx, rsp
;;=   mov rdi, r14
;;=   mov eax, 0x10
;;=   call [instance.builtin_trampoline]
;;=   trap UncaughtException
;;= func[1]:
;;=   (prologue)
;;=   mov [rsp], rax
;;=   movsd [rsp+0x10], xmm0
;;=   mov esi, 0x01
;;=   mov rdx, rsp
;;=   mov rdi, r14
;;=   mov eax, 0x10
;;=   call [instance.builtin_trampoline]
;;=   trap UncaughtException
;;= func[2]:
;;=   (prologue)
;;=   mov [rbp-0x10], rax
;;=   mov rsi, rax
;;=   mov rdi, r14
;;=   mov eax, 0x11
;;=   call [instance.builtin_trampoline]
;;=   test edx, edx
;;=   jnz L2
;;=   trap UncaughtException
;;= L2:
;;=   trap reason in rdx
