;;! stage = "baseline"
;; The first branch fixes the label's state and stores nothing: the way that comes from a call loads
;; what it has lost.
(module
  (func $other)
  (func (param i32 i32 i32) (result i32)
    (block
      (br_if 0 (local.get 0))
      (call $other))
    (i32.add (local.get 0) (local.get 1)))
  ;; In a loop locals stay newer than their homes.
  (func (param i32 i32) (result i32)
    (loop
      (block
        (br_if 0 (local.get 1))
        (local.set 0 (i32.add (local.get 0) (i32.const 3))))
      (br_if 0 (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))
    (local.get 0)))
;;= func[0]:
;;=   (prologue)
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   test eax, eax
;;=   jnz L1
;;=   mov [rbp-0x10], eax
;;=   mov [rbp-0x18], ecx
;;=   mov [rbp-0x20], edx
;;=   call func[0]
;;=   mov eax, [rbp-0x10]
;;=   mov ecx, [rbp-0x18]
;;=   mov edx, [rbp-0x20]
;;= L1:
;;=   lea esi, [rax+rcx*1]
;;=   mov eax, esi
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   mov r11, rax
;;=   mov eax, ecx
;;=   mov ecx, r11d
;;=   (padding)
;;= L1:
;;=   test eax, eax
;;=   jnz L2
;;=   add ecx, 0x03
;;= L2:
;;=   add eax, 0xFFFFFFFF
;;=   jnz L1
;;=   mov eax, ecx
;;=   (epilogue) ret
