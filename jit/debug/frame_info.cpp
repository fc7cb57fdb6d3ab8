// Each mark becomes the rules of its state, all of them, so that the order of states is free.
// Tables grow by some ten bytes a mark, which nobody minds: there are two for each ret.
#include "jit/debug/frame_info.h"

#include "jit/abi/instance_layout.h"

namespace sluice {
namespace {

// The numbers that DWARF gives to registers of this processor.
enum : uint8_t { kRbx = 3, kRbp = 6, kRsp = 7, kR12 = 12, kR13 = 13, kR14, kR15, kReturnAddress };

// DW_CFA_…
enum : uint8_t {
  kAdvanceLoc4 = 0x04,
  kSameValue = 0x08,
  kRegister = 0x09,
  kDefCfa = 0x0c,
  kDefCfaSf = 0x12,
  kOffset = 0x80,  // | register
};

// The canonical frame address (CFA) is rsp before the call, just above the return address. Offsets
// below it are counted in words.
constexpr uint8_t kReturnSlot = 1;
constexpr uint8_t kLinkSlot = 2;
// jit/stubs/entry.cpp: [rbp - 16] and below.
constexpr uint8_t kSavedRegs[][2] = {{kRbx, 4}, {kR12, 5}, {kR13, 6}, {kR14, 7}, {kR15, 8}};

void write_rules(DebugWriter& out, FrameState state) {
  auto cfa = [&](uint8_t reg, uint8_t above) { out.put_bytes({kDefCfa, reg, above}); };
  auto saved_at = [&](uint8_t reg, uint8_t slot) {
    out.put_bytes({static_cast<uint8_t>(kOffset | reg), slot});
  };
  const bool is_linked =
      state == FrameState::Linked || state == FrameState::Framed || state == FrameState::Saved;
  switch (state) {
  case FrameState::Called: cfa(kRsp, 8); break;
  case FrameState::Linked:
  case FrameState::Slotted: cfa(kRsp, 16); break;
  case FrameState::Framed:
  case FrameState::Saved: cfa(kRbp, 16); break;
  case FrameState::Handed: cfa(kR13, 8); break;
  case FrameState::Trapped: cfa(kR12, 0); break;
  case FrameState::UnderEntry:
    out.put_bytes({kDefCfaSf, kRbp});
    out.sleb(kEntryFrameBytes / 8);  // times the data alignment, -8
    break;
  }
  if (state == FrameState::Handed) {
    out.put_bytes({kRegister, kReturnAddress, kR12});
  } else {
    saved_at(kReturnAddress, kReturnSlot);
  }
  if (is_linked) {
    saved_at(kRbp, kLinkSlot);
  } else {
    out.put_bytes({kSameValue, kRbp});
  }
  if (state == FrameState::Saved) {
    for (const auto& [reg, slot] : kSavedRegs) saved_at(reg, slot);
  }
}

void write_common(DebugWriter& out) {
  const SizedPart part(out);
  out.u32(0xffff'ffff);  // this is what the others refer to
  out.u8(4);             // version
  out.string("");        // no augmentation
  out.u8(8);             // bytes of an address,
  out.u8(0);             // of a segment
  out.uleb(1);           // code alignment
  out.sleb(-8);          // data alignment
  out.uleb(kReturnAddress);
  write_rules(out, FrameState::Called);
  while ((out.size() - 4) % 8 != 0) out.u8(0);  // nothing: up to a multiple of an address
}

}  // namespace

void write_frame_info(DebugWriter& out, std::span<const CodePiece> pieces) {
  const size_t common = out.size();
  write_common(out);
  for (const CodePiece& piece : pieces) {
    const SizedPart part(out);
    out.u32(common);
    out.u64(piece.begin());
    out.u64(piece.code.size());
    uint32_t at = 0;
    for (const FrameMark& mark : piece.frames) {
      if (mark.code_offset != at) {
        out.u8(kAdvanceLoc4);
        out.u32(mark.code_offset - at);
        at = mark.code_offset;
      }
      write_rules(out, mark.state);
    }
    while ((out.size() - 4) % 8 != 0) out.u8(0);
  }
}

}  // namespace sluice
