// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/engine/write.h"

#include <ostream>

namespace sluice::jobs {

namespace {

struct WritePrinter {
    std::ostream& out;
    void operator()(const PutJob& w) const { out << (w.fresh ? "put fresh " : "put ") << w.job; }
    void operator()(const PutJid& w) const {
        out << "put jid " << w.jid << " -> " << w.seq.value();
    }
    void operator()(const EraseJob& w) const {
        out << "erase job " << w.seq.value();
        if (!w.jid.empty()) out << " and jid " << w.jid;
    }
    void operator()(const PutReady& w) const {
        out << "put ready " << w.queue.value() << '/' << int{w.priority} << '/' << w.order << " -> "
            << w.seq.value();
    }
    void operator()(const EraseReady& w) const {
        out << "erase ready " << w.queue.value() << '/' << int{w.priority} << '/' << w.order;
    }
    void operator()(const PutDue& w) const {
        out << "put due " << format_rfc3339(w.at) << '/' << w.seq.value();
    }
    void operator()(const EraseDue& w) const {
        out << "erase due " << format_rfc3339(w.at) << '/' << w.seq.value();
    }
    void operator()(const PutQueue& w) const {
        out << "put queue " << w.row.id.value() << ' ' << w.row.name
            << (w.row.paused ? " paused" : "") << (w.row.removed ? " removed" : "")
            << (w.row.durable ? "" : " async");
    }
    void operator()(const EraseQueue& w) const { out << "erase queue " << w.id.value(); }
    void operator()(const PutTotals& w) const {
        out << "put totals pushed=" << w.totals.pushed << " processed=" << w.totals.processed;
    }
    void operator()(const EraseEverything&) const { out << "erase everything"; }
};

}  // namespace

std::ostream& operator<<(std::ostream& out, const Write& write) {
    std::visit(WritePrinter{out}, write);
    return out;
}

}  // namespace sluice::jobs
