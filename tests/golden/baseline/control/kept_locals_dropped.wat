;;! stage = "baseline"
;; What joins need not bring to a register: locals that are in their homes.
(module
  (memory 1)
  ;; At the label both are where they were on the other way: each was loaded to its last register.
  (func (param $a i32) (param $b i32) (result i32)
    (call 2)
    (block $out
      (drop (i32.load (local.get $a)))
      (br_if $out (local.get $b))
      (call 2)
      (drop (i32.load (local.get $b)))
      (drop (i32.load (local.get $a))))
    (i32.add (local.get $a) (local.get $b)))
  ;; A br_table's targets have all locals in their homes, stored once before it.
  (func (param $a i32) (result i32) (local $b i32)
    (local.set $b (i32.mul (local.get $a) (local.get $a)))
    (block $x
      (block $y
        (block $z
          (br_table $x $y $z (local.get $a)))
        (call 2))
      (call 2))
    (i32.add (local.get $a) (local.get $b)))
  (func))
;;= func[0]:
;;=   (prologue)
;;=   mov [rbp-0x10], eax
;;=   mov [rbp-0x18], ecx
;;=   call func[2]
;;=   mov eax, [rbp-0x10]
;;=   mov ecx, [rbx+rax*1]
;;=   mov ecx, [rbp-0x18]
;;=   test ecx, ecx
;;=   jnz L1
;;=   call func[2]
;;=   mov ecx, [rbp-0x18]
;;=   mov eax, [rbx+rcx*1]
;;=   mov eax, [rbp-0x10]
;;=   mov edx, [rbx+rax*1]
;;= L1:
;;=   lea edx, [rax+rcx*1]
;;=   mov eax, edx
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   mov qword ptr [rbp-0x18], 0x00
;;=   mov ecx, eax
;;=   imul ecx, eax
;;=   mov edx, eax
;;=   mov [rbp-0x10], eax
;;=   mov [rbp-0x18], ecx
;;=   test edx, edx
;;=   jz L3
;;=   cmp edx, 0x01
;;=   jz L2
;;=   jmp L1
;;= L1:
;;=   call func[2]
;;= L2:
;;=   call func[2]
;;= L3:
;;=   mov ecx, [rbp-0x18]
;;=   mov eax, [rbp-0x10]
;;=   lea edx, [rax+rcx*1]
;;=   mov eax, edx
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   (epilogue) ret
