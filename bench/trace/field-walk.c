/*
 * Peer of the decoder: every event of a trace.dat in time order over all CPUs, every field of it fetched, nothing kept.
 * What a field needs to be fetched is looked up once an event type, so that the loop holds libtraceevent's shortest way:
 * tep_read_number at a known offset. Strings are found and their first byte read.
 *
 *   gcc -O2 field-walk.c -ltracecmd -ltracefs -ltraceevent
 */
#include <stdio.h>
#include <stdlib.h>

#include <trace-cmd.h>

#define MAX_TYPES 65536
#define MAX_FIELDS 32

struct place {
	int offset;
	int size;
	int dynamic;
};

struct shape {
	int count;
	struct place places[MAX_FIELDS];
};

static struct shape *shapes[MAX_TYPES];
static struct tep_handle *tep;
static unsigned long long events;
static unsigned long long sum;

static void add_fields(struct shape *shape, struct tep_format_field *field)
{
	for (; field && shape->count < MAX_FIELDS; field = field->next) {
		struct place *place = &shape->places[shape->count++];

		place->offset = field->offset;
		place->size = field->size;
		place->dynamic = (field->flags & TEP_FIELD_IS_DYNAMIC) != 0;
	}
}

static struct shape *shape_of(int type)
{
	struct tep_event *event = tep_find_event(tep, type);
	struct shape *shape = calloc(1, sizeof(*shape));

	if (!shape || !event) {
		fprintf(stderr, "field-walk: no format of event type %d\n", type);
		exit(1);
	}
	add_fields(shape, tep_find_common_field(event, "common_pid"));
	shape->count = 1; /* the other common fields follow it in the list */
	add_fields(shape, event->format.fields);
	return shape;
}

static int walk(struct tracecmd_input *handle, struct tep_record *record, int cpu, void *context)
{
	int type = tep_data_type(tep, record);
	struct shape *shape = shapes[type & (MAX_TYPES - 1)];
	const char *data = record->data;

	if (!shape)
		shape = shapes[type & (MAX_TYPES - 1)] = shape_of(type);
	for (int i = 0; i < shape->count; i++) {
		const struct place *place = &shape->places[i];
		unsigned long long value = tep_read_number(tep, data + place->offset, place->size);

		sum += place->dynamic ? (unsigned char)data[value & 0xffff] : value;
	}
	sum += record->ts;
	events++;
	return 0;
}

int main(int argc, char **argv)
{
	struct tracecmd_input *handle = argc == 2 ? tracecmd_open(argv[1], TRACECMD_FL_LOAD_NO_PLUGINS) : NULL;

	if (!handle) {
		fprintf(stderr, "usage: field-walk TRACE.DAT\n");
		return 2;
	}
	tep = tracecmd_get_tep(handle);
	if (tracecmd_iterate_events(handle, NULL, 0, walk, NULL) < 0)
		return 1;
	printf("{\"events\":%llu,\"checksum\":%llu}\n", events, sum);
	tracecmd_close(handle);
	return 0;
}
