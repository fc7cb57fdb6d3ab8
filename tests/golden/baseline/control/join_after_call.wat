;;! stage = "baseline"
;; The first branch fixes the label's state. What the call then takes from registers is in its home
;; on both ways, so the join needs no loads: the label no longer promises those registers.
(module
  (func $other)
  (func (param i32 i32 i32) (result i32)
    (block
      (br_if 0 (local.get 0))
      (call $other))
    (i32.add (local.get 0) (local.get 1)))
  ;; In a loop without calls nothing is stored: locals stay newer than their homes.
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
;;=   mov [rbp-0x10], eax
;;=   mov [rbp-0x18], ecx
;;=   mov [rbp-0x20], edx
;;=   jnz L1
;;=   call func[0]
;;= L1:
;;=   mov eax, [rbp-0x18]
;;=   mov ecx, [rbp-0x10]
;;=   lea edx, [rcx+rax*1]
;;=   mov eax, edx
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
