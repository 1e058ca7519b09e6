// SPDX-License-Identifier: Apache-2.0
// A Report as JSON and CSV.
#include "kernel/wire/json_text.h"
#include "modules/sim/core/report_render.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace sluice::sim {

namespace {

void put(JsonWriter& json, const PoolReport& pool);
void put(JsonWriter& json, const LifeReport& life);
void put(JsonWriter& json, const Answer& answer);

void put(JsonWriter& json, const Figure& figure) {
    json.begin_object();
    json.key("mean").number(figure.mean);
    json.key("low").number(figure.low);
    json.key("high").number(figure.high);
    json.end_object();
}

void put(JsonWriter& json, const std::vector<double>& numbers) {
    json.begin_array();
    for (const double number : numbers) json.number(number);
    json.end_array();
}

void put(JsonWriter& json, const SeriesReport& series) {
    json.begin_object();
    json.key("name").string(series.name);
    json.key("mean");
    put(json, series.mean);
    json.key("low");
    put(json, series.low);
    json.key("high");
    put(json, series.high);
    json.end_object();
}

void put(JsonWriter& json, const GroupReport& group) {
    json.begin_object();
    json.key("name").string(group.name);
    for (std::size_t m = 0; m < measure_count; ++m) {
        json.key(to_string(static_cast<Measure>(m)));
        put(json, group.figures[m]);
    }
    json.end_object();
}

template <class Items>
void put_all(JsonWriter& json, std::string_view name, const Items& items) {
    json.key(name).begin_array();
    for (const auto& item : items) put(json, item);
    json.end_array();
}

void put(JsonWriter& json, const PoolReport& pool) {
    json.begin_object();
    json.key("name").string(pool.name);
    json.key("slots").unsigned_integer(pool.slots);
    const auto figure = [&](std::string_view name, const Figure& value) {
        json.key(name);
        put(json, value);
    };
    figure("busy_share", pool.busy_share);
    figure("workers", pool.workers);
    figure("crashes", pool.crashes);
    figure("returned", pool.returned);
    figure("scaled_up", pool.scaled_up);
    figure("scaled_down", pool.scaled_down);
    json.key("resources").begin_array();
    for (const ResourceReport& resource : pool.resources) {
        json.begin_object();
        json.key("name").string(resource.name);
        json.key("each").string(resource.each);
        figure("used_share", resource.used_share);
        figure("most", resource.most);
        json.key("used_over_time");
        put(json, resource.used);
        json.end_object();
    }
    json.end_array();
    json.key("busy_over_time");
    put(json, pool.busy);
    json.key("workers_over_time");
    put(json, pool.present);
    json.end_object();
}

void put(JsonWriter& json, const LifeReport& life) {
    json.begin_object();
    json.key("name").string(life.name);
    json.key("spans").begin_array();
    for (const WorkerSpan& span : life.spans) {
        json.begin_object();
        json.key("from_s").number(to_seconds(span.from));
        json.key("to_s").number(to_seconds(span.to));
        json.key("phase").string(to_string(span.phase));
        json.key("busy").number(span.busy);
        json.end_object();
    }
    json.end_array();
    json.end_object();
}

void put_table(JsonWriter& json, const Answer& answer) {
    json.key("columns").begin_array();
    for (const std::string& column : answer.columns) json.string(column);
    json.end_array();
    json.key("rows").begin_array();
    for (const auto& row : answer.rows) {
        json.begin_array();
        for (const std::string& cell : row) json.string(cell);
        json.end_array();
    }
    json.end_array();
}

void put(JsonWriter& json, const Answer& answer) {
    json.begin_object();
    json.key("question").string(answer.question);
    json.key("sentence").string(answer.sentence);
    put_table(json, answer);
    json.key("x_name").string(answer.x_name);
    json.key("y_name").string(answer.y_name);
    json.key("points").begin_array();
    for (const AnswerPoint& point : answer.points) {
        json.begin_object();
        json.key("x").number(point.x);
        json.key("y_s");
        put(json, point.y);
        json.end_object();
    }
    json.end_array();
    if (answer.target) json.key("target_s").number(*answer.target);
    put_all(json, "waiting_over_time", answer.curves);
    json.end_object();
}

void put_config(JsonWriter& json, const Report& report) {
    json.key("config").begin_object();
    json.key("name").string(report.name);
    json.key("description").string(report.description);
    json.key("seed").unsigned_integer(report.seed);
    json.key("replications").unsigned_integer(report.replications);
    json.key("replications_planned").unsigned_integer(report.replications_planned);
    json.key("partial").boolean(report.is_partial);
    json.key("duration_s").number(to_seconds(report.duration));
    json.key("warmup_s").number(to_seconds(report.warmup));
    json.key("warmup_found").boolean(report.warmup_found);
    json.key("starts_at_s").number(to_seconds(report.starts_at));
    json.key("bin_s").number(to_seconds(report.bin));
    json.end_object();
}

void put_rest(JsonWriter& json, const Report& report) {
    json.key("limits").begin_array();
    for (const LimitReport& limit : report.limits) {
        json.begin_object();
        json.key("name").string(limit.name);
        json.key("closed_share");
        put(json, limit.closed_share);
        json.end_object();
    }
    json.end_array();
    json.key("marks").begin_array();
    for (const MarkReport& mark : report.marks) {
        json.begin_object();
        json.key("at_s").number(to_seconds(mark.at));
        json.key("text").string(mark.text);
        json.end_object();
    }
    json.end_array();
    if (report.drained_at) {
        json.key("drained_at_s");
        put(json, *report.drained_at);
    }
    json.key("not_drained").unsigned_integer(report.not_drained);
    json.key("notes").begin_array();
    for (const std::string& note : report.notes) json.string(note);
    json.end_array();
    json.key("deliveries").unsigned_integer(report.deliveries);
    json.key("decisions").unsigned_integer(report.decisions);
    std::array<char, 24> hash{};
    std::snprintf(hash.data(), hash.size(), "%016llx",
                  static_cast<unsigned long long>(report.hash));
    json.key("hash").string(hash.data());
}

/// Writes rows of the CSV.
class CsvRows {
public:
    struct Row {
        std::string_view kind;
        std::string_view name;
        std::string_view measure;
    };

    void add(const Row& row, std::string_view time, const Figure& figure) {
        field(row.kind);
        field(row.name);
        field(row.measure);
        field(time);
        field(number(figure.mean));
        field(number(figure.low));
        text_ += number(figure.high);
        text_ += "\r\n";
    }
    void add(std::string_view kind, std::string_view measure, const SeriesReport& series,
             Duration bin) {
        for (std::size_t i = 0; i < series.mean.size(); ++i) {
            const Duration at = bin * static_cast<std::int64_t>(i);
            add({kind, series.name, measure}, number(to_seconds(at)),
                {series.mean[i], series.low[i], series.high[i]});
        }
    }
    void add(std::string_view kind, const GroupReport& group) {
        for (std::size_t m = 0; m < measure_count; ++m)
            add({kind, group.name, to_string(static_cast<Measure>(m))}, "", group.figures[m]);
    }
    std::string take() { return std::move(text_); }

private:
    static std::string number(double value) {
        if (std::isnan(value)) return {};
        std::array<char, 32> digits{};
        const auto [end, code] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
        return code == std::errc() ? std::string(digits.data(), end) : std::string();
    }
    void field(std::string_view text) {
        // A spreadsheet would take such a text for a formula.
        const bool formula =
            !text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos &&
            !(text[0] == '-' && text.size() > 1 && text[1] >= '0' && text[1] <= '9');
        if (formula || text.find_first_of(",\"\r\n") != std::string_view::npos) {
            text_ += '"';
            if (formula) text_ += '\'';
            for (const char c : text) {
                if (c == '"') text_ += '"';
                text_ += c;
            }
            text_ += '"';
        } else {
            text_ += text;
        }
        text_ += ',';
    }

    std::string text_ = "kind,name,measure,time_s,mean,low,high\r\n";
};

void add_pool(CsvRows& rows, const PoolReport& pool, Duration bin) {
    const auto add = [&](std::string_view measure, const Figure& figure) {
        rows.add({"pool", pool.name, measure}, "", figure);
    };
    add("busy_share", pool.busy_share);
    add("workers", pool.workers);
    add("crashes", pool.crashes);
    add("returned", pool.returned);
    add("scaled_up", pool.scaled_up);
    add("scaled_down", pool.scaled_down);
    for (const ResourceReport& resource : pool.resources) {
        const std::string name = pool.name + ": " + resource.name;
        rows.add({"resource", name, "used_share"}, "", resource.used_share);
        rows.add({"resource", name, "most"}, "", resource.most);
        rows.add("resource", "used_share_over_time", resource.used, bin);
    }
    SeriesReport named = pool.busy;
    named.name = pool.name;
    rows.add("pool", "busy_share_over_time", named, bin);
    named = pool.present;
    named.name = pool.name;
    rows.add("pool", "workers_over_time", named, bin);
}

}  // namespace

std::string report_json(const Report& report) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    json.key("schema").string("sluice.simulation/" + std::to_string(Report::version));
    put_config(json, report);
    json.key("total");
    put(json, report.total);
    put_all(json, "traffic", report.traffic);
    put_all(json, "queues", report.queues);
    put_all(json, "tenants", report.tenants);
    put_all(json, "pools", report.pools);
    put_all(json, "waiting_over_time", report.waiting);
    put_all(json, "wait_over_time_s", report.waits);
    put_all(json, "workers", report.lives);
    put_all(json, "answers", report.answers);
    put_rest(json, report);
    json.end_object();
    out += '\n';
    return out;
}

std::string report_csv(const Report& report) {
    CsvRows rows;
    rows.add("total", report.total);
    for (const GroupReport& group : report.traffic) rows.add("traffic", group);
    for (const GroupReport& group : report.queues) rows.add("queue", group);
    for (const GroupReport& group : report.tenants) rows.add("tenant", group);
    for (const PoolReport& pool : report.pools) add_pool(rows, pool, report.bin);
    for (const LimitReport& limit : report.limits)
        rows.add({"limit", limit.name, "closed_share"}, "", limit.closed_share);
    for (const SeriesReport& series : report.waiting)
        rows.add("queue", "waiting_over_time", series, report.bin);
    for (const SeriesReport& series : report.waits)
        rows.add(report.tenants.empty() ? "queue" : "tenant", "wait_over_time_s", series,
                 report.bin);
    if (report.drained_at) rows.add({"run", "", "drained_at_s"}, "", *report.drained_at);
    return rows.take();
}

}  // namespace sluice::sim
