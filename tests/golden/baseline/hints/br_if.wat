;;! stage = "baseline"
;; Of an unlikely branch the moves go behind the function; of a likely one, what follows it in its
;; block, and further blocks that nothing else leads out of. The way out of a loop stays.
(module
  (func $f)
  (func (param i32 i32) (result i32)
    (block (result i32)
      (local.get 1)
      (@metadata.code.branch_hint "\00")
      (br_if 0 (local.get 0))
      (drop)
      (i32.const 7)))
  (func (param i32) (result i32)
    (block $done
      (@metadata.code.branch_hint "\01")
      (br_if $done (local.get 0))
      (call $f))
    (i32.add (local.get 0) (i32.const 1)))
  (func (param i32) (result i32)
    (block $done
      (block $inner
        (@metadata.code.branch_hint "\01")
        (br_if $done (local.get 0))
        (call $f))
      (call $f))
    (i32.add (local.get 0) (i32.const 1)))
  (func (param i32) (result i32)
    (@metadata.code.branch_hint "\00")
    (br_if 0 (i32.const 5) (local.get 0))
    (drop)
    (loop $again
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (@metadata.code.branch_hint "\01")
      (br_if $again (local.get 0)))
    (local.get 0)))
;;= func[0]:
;;=   (prologue)
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   test eax, eax
;;=   jnz L2
;;=   mov edx, 0x07
;;= L1:
;;=   mov eax, edx
;;=   (epilogue) ret
;;= L2:
;;=   mov edx, ecx
;;=   jmp L1
;;= func[2]:
;;=   (prologue)
;;=   test eax, eax
;;=   jz L2
;;= L1:
;;=   lea ecx, [rax+0x01]
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= L2:
;;=   mov [rbp-0x10], eax
;;=   call func[0]
;;=   mov eax, [rbp-0x10]
;;=   jmp L1
;;= func[3]:
;;=   (prologue)
;;=   test eax, eax
;;=   jz L2
;;= L1:
;;=   lea ecx, [rax+0x01]
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= L2:
;;=   mov [rbp-0x10], eax
;;=   call func[0]
;;=   call func[0]
;;=   mov eax, [rbp-0x10]
;;=   jmp L1
;;= func[4]:
;;=   (prologue)
;;=   test eax, eax
;;=   jnz L2
;;=   (padding)
;;= L1:
;;=   add eax, 0xFFFFFFFF
;;=   jnz L1
;;=   (epilogue) ret
;;= L2:
;;=   mov eax, 0x05
;;=   (epilogue) ret
