;;! stage = "baseline"
;; Where registers keep no locals, the register of a float that was set is remembered: it is read
;; from there until a call, a label, or something that needs the register. What is loaded is not.
(module
  (func $f)
  (func (param $a f64) (param $b f64) (param $c i32) (result f64) (local $x f64)
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    ;; A tee's value and the local share the register: a sum is not written over it.
    (local.set $b (f64.add (local.tee $x (f64.mul (local.get $a) (local.get $b))) (local.get $a)))
    (f64.sub (local.get $x) (local.get $b))
    ;; A set under an alias parts the two.
    (local.get $x)
    (local.set $x (f64.sqrt (local.get $b)))
    (f64.mul)
    (local.set $a)
    ;; Behind a join all is in the homes, though one way of it set nothing.
    (if (local.get $c) (then (local.set $x (f64.neg (local.get $a)))))
    (local.set $b (f64.add (local.get $x) (local.get $a)))
    (call $f)
    (f64.add (local.get $b) (local.get $x))))
;;= func[0]:
;;=   (prologue)
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   movsd [rbp-0x10], xmm0
;;=   movsd [rbp-0x18], xmm1
;;=   mov [rbp-0x20], eax
;;=   mov qword ptr [rbp-0x28], 0x00
;;=   movaps xmm2, xmm0
;;=   mulsd xmm2, xmm1
;;=   movsd [rbp-0x28], xmm2
;;=   movaps xmm3, xmm2
;;=   addsd xmm3, xmm0
;;=   movsd [rbp-0x18], xmm3
;;=   movaps xmm1, xmm2
;;=   subsd xmm1, xmm3
;;=   sqrtsd xmm4, xmm3
;;=   movsd xmm5, qword ptr [rbp-0x28]
;;=   movsd [rbp-0x28], xmm4
;;=   mulsd xmm1, xmm5
;;=   movsd [rbp-0x10], xmm1
;;=   cmp dword ptr [rbp-0x20], 0x00
;;=   jz L1
;;=   pcmpeqd xmm15, xmm15
;;=   psllq xmm15, 0x3F
;;=   movaps xmm0, xmm1
;;=   xorps xmm0, xmm15
;;=   movsd [rbp-0x28], xmm0
;;= L1:
;;=   movsd xmm0, qword ptr [rbp-0x28]
;;=   addsd xmm0, [rbp-0x10]
;;=   movsd [rbp-0x18], xmm0
;;=   call func[0]
;;=   movsd xmm0, qword ptr [rbp-0x18]
;;=   addsd xmm0, [rbp-0x28]
;;=   (epilogue) ret
