package bss.peer;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;

/** Topics and groups through the admin client. */
public final class Topics {
    private final Admin admin;

    public Topics(Admin admin) {
        this.admin = admin;
    }

    Admin admin() {
        return admin;
    }

    /** Creates topics and waits until the broker names them: that comes after its answer. */
    void create(Collection<String> topics, int partitions, Map<String, String> more) throws Exception {
        Map<String, String> config = new HashMap<>(Map.of("retention.ms", "-1"));
        config.putAll(more);
        admin.createTopics(topics.stream().map(t -> new NewTopic(t, partitions, (short) 1).configs(config)).toList()).all().get();
        while (!admin.listTopics().names().get().containsAll(topics)) Thread.sleep(20);
    }

    void create(String topic, int partitions, Map<String, String> more) throws Exception {
        create(List.of(topic), partitions, more);
    }

    /** Makes topics anew. */
    void fresh(Collection<String> topics, int partitions) throws Exception {
        delete(topics);
        create(topics, partitions, Map.of());
    }

    /** Deletes those that are there and waits until they are gone. */
    void delete(Collection<String> topics) throws Exception {
        Set<String> there = admin.listTopics().names().get();
        List<String> gone = topics.stream().filter(there::contains).toList();
        if (gone.isEmpty()) return;
        admin.deleteTopics(gone).all().get();
        while (admin.listTopics().names().get().stream().anyMatch(gone::contains)) Thread.sleep(50);
        Thread.sleep(300);
    }

    /** Deletes an application's own topics (changelogs, dead letters) and its groups. */
    void purge(String application) throws Exception {
        delete(admin.listTopics().names().get().stream()
                .filter(t -> t.startsWith(application + "-")).toList());
        List<String> groups = admin.listGroups().all().get().stream()
                .map(g -> g.groupId()).filter(g -> g.startsWith(application)).toList();
        for (String group : groups) {
            try {
                // A static member does not leave by itself: it would stay for its session.
                boolean members = !admin.describeConsumerGroups(List.of(group)).all().get()
                        .get(group).members().isEmpty();
                if (members) {
                    admin.removeMembersFromConsumerGroup(group, new RemoveMembersFromConsumerGroupOptions())
                            .all().get();
                }
                admin.deleteConsumerGroups(List.of(group)).all().get();
            } catch (ExecutionException e) {
                System.err.println("group " + group + " stays: " + e.getCause().getMessage());
            }
        }
    }

    /** Ends of all partitions, as a read_committed reader sees them. */
    Map<TopicPartition, Long> ends(Collection<String> topics) throws Exception {
        Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
        admin.describeTopics(topics).allTopicNames().get().forEach((topic, d) ->
                d.partitions().forEach(p ->
                        asked.put(new TopicPartition(topic, p.partition()), OffsetSpec.latest())));
        Map<TopicPartition, Long> ends = new HashMap<>();
        admin.listOffsets(asked, new ListOffsetsOptions(IsolationLevel.READ_COMMITTED)).all().get()
                .forEach((p, info) -> ends.put(p, info.offset()));
        return ends;
    }

    /** The group's committed offsets; empty when there is no such group yet. */
    Map<TopicPartition, Long> committed(String group) throws Exception {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        try {
            admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get()
                    .forEach((p, o) -> {
                        if (o != null) offsets.put(p, o.offset());
                    });
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof org.apache.kafka.common.errors.GroupIdNotFoundException)) throw e;
        }
        return offsets;
    }
}
