// The picture is one or two panels: all of the stream, and, where the end would be too small to see
// in it, the end by itself. A panel has the sections as they came and a row for each thread, the
// first one also the curves: bytes in, functions checked and compiled, as shares.
#include "runtime/cli/timeline.h"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <map>

#include "runtime/cli/report.h"

namespace sluice::cli {

namespace {

constexpr double kWidth = 1200;
constexpr double kLeft = 128;  // of the plot
constexpr double kRight = 1168;
constexpr double kCurveHeight = 190;
constexpr double kSectionHeight = 22;
constexpr double kRowHeight = 26;
constexpr double kRowGap = 8;

// Plain colours, once more for dark backgrounds: not every viewer knows variables.
constexpr const char* kStyle = R"(<style>
svg { font: 13px Inter, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
.title { font-size: 20px; font-weight: 600; } .head { font-size: 14px; font-weight: 600; } .small { font-size: 11px; }
.paper { fill: #fff; } text { fill: #1d2430; } .soft { fill: #667085; } .in-section { font-size: 11px; fill: #fff; }
.grid { stroke: #e4e7ec; } .lane { fill: #f2f4f7; }
.bytes { fill: #98a2b3; fill-opacity: .25; } .bytes-edge { fill: none; stroke: #98a2b3; stroke-width: 1.5; }
.checked { fill: none; stroke: #f0950c; stroke-width: 2; } .compiled { fill: none; stroke: #2f6feb; stroke-width: 2; }
.validate { fill: #f0950c; } .compile { fill: #2f6feb; }
.code { fill: #2f6feb; } .data { fill: #0f9d8a; } .custom { fill: #98a2b3; } .other { fill: #8e6fdc; }
.mark { stroke: #d6336c; stroke-width: 1.5; } .mark-text { fill: #d6336c; font-weight: 600; }
@media (prefers-color-scheme: dark) {
.paper { fill: #12161d; } text { fill: #e7eaf0; } .soft { fill: #98a2b3; } .in-section { fill: #fff; }
.grid { stroke: #2a313c; } .lane { fill: #1b212b; } .bytes { fill: #7c8798; } .bytes-edge { stroke: #7c8798; }
.checked { stroke: #f7b84b; } .compiled { stroke: #5b93ff; } .validate { fill: #f7b84b; } .compile { fill: #5b93ff; }
.code { fill: #3d7bf0; } .data { fill: #14a894; } .custom { fill: #667085; } .other { fill: #9a7ee6; }
.mark { stroke: #ff6b9a; } .mark-text { fill: #ff6b9a; }
}
</style>
)";

/// For numbers and our own words: no more than 512 bytes.
std::string format(const char* how, auto... values) {
  std::array<char, 512> text{};
  std::snprintf(text.data(), text.size(), how, values...);
  return text.data();
}

std::string size_text(uint64_t bytes) {
  if (bytes < 10'000) return format("%" PRIu64 " bytes", bytes);
  return bytes < 1'000'000 ? format("%.0f KB", static_cast<double>(bytes) / 1e3)
                           : format("%.2f MB", static_cast<double>(bytes) / 1e6);
}

std::string time_text(double ms) {
  if (ms < 1) return format("%.0f µs", ms * 1e3);
  return ms < 100      ? format("%.2f ms", ms)
         : ms < 10'000 ? format("%.1f ms", ms)
                       : format("%.2f s", ms / 1e3);
}

/// 1, 2 or 5 times a power of ten: about `count` of them in `span`.
double tick_step(double span, double count) {
  const double raw = span / count;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (raw <= factor * power) return factor * power;
  }
  return 10 * power;
}

const char* section_class(uint8_t id) {
  constexpr uint8_t kCustom = 0, kCode = 10, kData = 11;
  return id == kCode ? "code" : id == kData ? "data" : id == kCustom ? "custom" : "other";
}

/// Times are milliseconds since the start of the stream.
class Drawing {
 public:
  Drawing(const TimelineFacts& facts, const StreamRecorder& recorder)
      : facts_(facts), recorder_(recorder), work_(recorder.work()) {
    std::ranges::sort(work_, {}, [](const auto& work) { return work.report.begin_ns; });
    last_byte_ = recorder.arrivals().empty() ? 0 : ms(recorder.arrivals().back().at_ns);
    ready_ = std::max(ms(recorder.ready_ns()), last_byte_);
    end_ = recorder.first_call_ns() ? ms(*recorder.first_call_ns()) : ready_;
    rows_.emplace(recorder.feeding_thread(), 0);
    for (const auto& work : work_) rows_.try_emplace(work.thread, rows_.size());
  }

  std::string draw() {
    const double tail = std::max(end_ - last_byte_, 0.02);
    double y = 96;
    panel(0, end_ + std::max(end_ * 0.03, tail * 0.1), y, "");
    if (tail < end_ * 0.12) {
      y += 40;
      panel(std::max(0.0, last_byte_ - tail * 0.8), end_ + tail * 0.3, y, "the end, enlarged");
    }
    legend(y + 6);
    const double height = y + 44;
    return format(
               "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" "
               "height=\"%.0f\" role=\"img\">\n",
               kWidth, height, kWidth, height) +
           "<title>" + without_markup(facts_.title) +
           ": from the first byte to the first call</title>\n" + kStyle +
           format("<rect class=\"paper\" width=\"%.0f\" height=\"%.0f\"/>\n", kWidth, height) +
           headline() + out_ + "</svg>\n";
  }

 private:
  double ms(uint64_t at_ns) const {
    return static_cast<double>(static_cast<int64_t>(at_ns - recorder_.start_ns())) / 1e6;
  }

  std::string headline() const {
    const uint64_t bytes = recorder_.arrivals().empty() ? 0 : recorder_.arrivals().back().bytes;
    std::string told = size_text(bytes) + format(", %u functions · ", facts_.functions) +
                       facts_.how + " · ready " + time_text(ready_ - last_byte_) +
                       " after the last byte";
    if (recorder_.first_call_ns())
      told += ", first call " + time_text(end_ - last_byte_) + " after it";
    return "<text class=\"title\" x=\"32\" y=\"42\">" + without_markup(facts_.title) + "</text>\n" +
           "<text class=\"soft\" x=\"32\" y=\"64\">" + without_markup(told) + "</text>\n";
  }

  // One panel, the whole if it has no name: [from, to] in milliseconds, from `y` down, which is
  // left below it.
  void panel(double from, double to, double& y, const char* name) {
    from_ = from;
    to_ = to;
    const bool is_all = *name == '\0';
    if (!is_all) {
      out_ += format("<text class=\"head\" x=\"32\" y=\"%.0f\">%s</text>\n", y, name);
      y += 12;
    }
    marks_top_ = y;
    y += 46;
    const double top = y;
    const double bottom = is_all ? y + kCurveHeight : y;
    const double rows_bottom = bottom + kRowGap + kSectionHeight +
                               static_cast<double>(rows_.size()) * (kRowHeight + kRowGap);
    grid(top, bottom, rows_bottom);
    if (is_all) curves(bottom);
    y = bottom + kRowGap;
    sections(y);
    y += kSectionHeight + kRowGap;
    for (const auto& [thread, row] : rows_)
      thread_row(thread, y + static_cast<double>(row) * (kRowHeight + kRowGap), row);
    y = rows_bottom;
    marks(rows_bottom);
    y += 18;
  }

  double x(double at_ms) const {
    const double share = std::clamp((at_ms - from_) / (to_ - from_), 0.0, 1.0);
    return kLeft + share * (kRight - kLeft);
  }

  void label(double y, const std::string& text) {
    out_ += format("<text class=\"soft\" x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
                   kLeft - 12, y, text.c_str());
  }

  void grid(double top, double bottom, double rows_bottom) {
    for (int percent = 0; percent <= 100 && bottom > top; percent += 25) {
      const double y = bottom - (bottom - top) * percent / 100;
      out_ += format("<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>\n",
                     kLeft, kRight, y, y);
      if (percent % 50 == 0) label(y + 4, format("%d %%", percent));
    }
    // From the last byte on in the enlarged end, which is where one looks at it from.
    const double origin = from_ > 0 ? last_byte_ : 0;
    const double step = tick_step(to_ - from_, 10);
    for (double at = std::ceil((from_ - origin) / step) * step; at <= to_ - origin; at += step) {
      const double px = x(origin + at);
      out_ += format("<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>\n", px,
                     px, top, rows_bottom);
      const double shown = std::abs(at) < step / 2 ? 0 : at;
      const std::string text = step < 0.5 ? format("%.0f µs", shown * 1e3) : format("%g ms", shown);
      out_ += format(
          "<text class=\"small soft\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s%s</text>\n",
          px, rows_bottom + 14, origin != 0 && shown > 0 ? "+" : "", text.c_str());
    }
  }

  // A path through (time, share) points; those that nobody could tell apart are left out.
  class Path {
   public:
    explicit Path(double bottom) : bottom_(bottom) {}
    void to(double px, double share) {
      const double py = bottom_ - share * kCurveHeight;
      if (!text_.empty() && px - last_x_ < 0.4 && std::abs(py - last_y_) < 0.4) return;
      text_ += format("%s%.1f %.1f", text_.empty() ? "M" : "L", px, py);
      last_x_ = px;
      last_y_ = py;
    }
    const std::string& text() const { return text_; }

   private:
    double bottom_, last_x_ = 0, last_y_ = 0;
    std::string text_;
  };

  void curves(double bottom) {
    const auto& arrivals = recorder_.arrivals();
    if (arrivals.empty()) return;
    const auto all = static_cast<double>(std::max<uint64_t>(arrivals.back().bytes, 1));
    Path bytes(bottom);
    bytes.to(x(0), 0);
    for (const auto& arrival : arrivals)
      bytes.to(x(ms(arrival.at_ns)), static_cast<double>(arrival.bytes) / all);
    bytes.to(x(to_) + 0.5, 1);
    out_ += "<path class=\"bytes\" d=\"" + bytes.text() +
            format("L%.1f %.1fL%.1f %.1fZ\"/>\n", x(to_), bottom, x(0), bottom);
    out_ += "<path class=\"bytes-edge\" d=\"" + bytes.text() + "\"/>\n";
    // What is compiled without having been checked before is both at once.
    share_of_bodies(bottom, "checked", true);
    share_of_bodies(bottom, "compiled", false);
  }

  void share_of_bodies(double bottom, const char* name, bool counts_checks) {
    std::vector<StreamRecorder::Work> work = work_;
    std::ranges::sort(work, {}, [](const auto& each) { return each.report.end_ns; });
    const bool has_checks = std::ranges::any_of(
        work, [](const auto& each) { return each.report.work == BatchReport::Work::Validate; });
    if (counts_checks && !has_checks) return;
    uint64_t done = 0;
    Path path(bottom);
    path.to(x(0), 0);
    for (const auto& each : work) {
      const bool is_check = each.report.work == BatchReport::Work::Validate;
      if (is_check != counts_checks) continue;
      const double at = x(ms(each.report.end_ns));
      path.to(at, share_of(done));
      done += each.report.bytes;
      path.to(at, share_of(done));
    }
    path.to(x(to_) + 0.5, share_of(done));
    out_ += format("<path class=\"%s\" d=\"", name) + path.text() + "\"/>\n";
  }
  double share_of(uint64_t bytes) const {
    return std::min(1.0, static_cast<double>(bytes) /
                             static_cast<double>(std::max<uint64_t>(facts_.code_bytes, 1)));
  }

  /// When the byte at this offset had come.
  double arrival_of(uint64_t offset) const {
    const auto& arrivals = recorder_.arrivals();
    const auto found =
        std::ranges::upper_bound(arrivals, offset, {}, &StreamRecorder::Arrival::bytes);
    return found == arrivals.end() ? last_byte_ : ms(found->at_ns);
  }

  void sections(double y) {
    label(y + kSectionHeight / 2 + 4, "sections");
    for (const SectionBytes& section : facts_.sections) {
      const double left = x(section.begin <= 8 ? 0 : arrival_of(section.begin));
      const double right = x(arrival_of(section.end - 1));
      if (right - left < 0.05) continue;
      out_ += format(
          "<rect class=\"%s\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.0f\" rx=\"2\">",
          section_class(section.id), left, y, std::max(right - left - 0.6, 0.4), kSectionHeight);
      out_ += "<title>" + without_markup(section.name) + ", " +
              size_text(section.end - section.begin) + "</title></rect>\n";
      const double room = right - left - 10;
      if (room > 7.0 * static_cast<double>(section.name.size())) {
        out_ += format("<text class=\"in-section\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">",
                       (left + right) / 2, y + kSectionHeight / 2 + 4) +
                without_markup(section.name) + "</text>\n";
      }
    }
  }

  void thread_row(std::thread::id thread, double y, size_t row) {
    label(y + kRowHeight / 2 + 4,
          row == 0 ? std::string("feeding thread") : format("worker %zu", row));
    out_ += format(
        "<rect class=\"lane\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.0f\" rx=\"3\"/>\n",
        kLeft, y, kRight - kLeft, kRowHeight);
    // Checks above, compilation below: what takes turns quickly would be a grey of both.
    pieces(thread, BatchReport::Work::Validate, "validate", "checked", y + 3, 6);
    pieces(thread, BatchReport::Work::Compile, "compile", "compiled", y + 11, kRowHeight - 14);
  }

  /// Batches that touch in the picture are one piece of it.
  void pieces(std::thread::id thread, BatchReport::Work kind, const char* style, const char* verb,
              double y, double height) {
    double left = 0, right = -1;
    uint32_t bodies = 0;
    const auto close = [&] {
      if (right <= kLeft || left >= kRight) return;
      out_ += format("<rect class=\"%s\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" "
                     "height=\"%.0f\"><title>%u functions "
                     "%s</title></rect>\n",
                     style, left, y, std::max(right - left, 0.35), height, bodies, verb);
    };
    for (const StreamRecorder::Work& each : work_) {
      if (each.thread != thread || each.report.work != kind) continue;
      const double begin = x(ms(each.report.begin_ns));
      if (right < 0 || begin - right > 0.4) {
        close();
        left = begin;
        bodies = 0;
      }
      right = std::max(right, x(ms(each.report.end_ns)));
      bodies += each.report.bodies;
    }
    close();
  }

  // Labels of what lies close together are one below the other.
  void marks(double bottom) {
    int line = 0;
    const auto mark = [&](double at, const std::string& text) {
      const double px = x(at);
      const double y = marks_top_ + 12 + 15 * line++;
      const bool is_right = px > kLeft + 260;
      out_ += format("<line class=\"mark\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>\n", px,
                     px, y - 9, bottom);
      out_ +=
          format("<text class=\"mark-text\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n",
                 px + (is_right ? -7 : 7), y, is_right ? "end" : "start", text.c_str());
    };
    if (recorder_.first_call_ns()) mark(end_, "first call, +" + time_text(end_ - last_byte_));
    mark(ready_, "ready, +" + time_text(ready_ - last_byte_));
    mark(last_byte_, "last byte, " + time_text(last_byte_));
  }

  void legend(double y) {
    struct Entry {
      const char* style;
      const char* text;
    };
    constexpr Entry kEntries[] = {{"bytes-edge", "bytes in"},
                                  {"checked", "functions checked"},
                                  {"compiled", "functions compiled"}};
    double px = kLeft;
    for (const Entry& entry : kEntries) {
      out_ += format("<path class=\"%s\" d=\"M%.1f %.1fh22\"/><text class=\"small\" x=\"%.1f\" "
                     "y=\"%.1f\">%s</text>\n",
                     entry.style, px, y + 8, px + 28, y + 12, entry.text);
      px += 160;
    }
    out_ += format("<text class=\"small soft\" x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">curves: "
                   "share of all bytes, and "
                   "of the functions' bytes</text>\n",
                   kRight, y + 12);
  }

  const TimelineFacts& facts_;
  const StreamRecorder& recorder_;
  std::vector<StreamRecorder::Work> work_;  // by begin
  std::map<std::thread::id, size_t> rows_;  // the feeding thread is the first
  double last_byte_ = 0, ready_ = 0, end_ = 0;
  double from_ = 0, to_ = 1;  // of the panel being drawn
  double marks_top_ = 0;
  std::string out_;
};

}  // namespace

std::string draw_timeline(const TimelineFacts& facts, const StreamRecorder& recorder) {
  return Drawing(facts, recorder).draw();
}

}  // namespace sluice::cli
