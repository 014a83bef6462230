// sustituye la URL por donde sirva tu endpoint WS
const ws = new WebSocket('ws://localhost:8000/ws');

ws.addEventListener('open', () => {
    // suscríbete al canal (dependiendo de tu protocolo) — ejemplo simple: enviar el canal al servidor
    const channel = 'ws_channel:123:your-task-id';
    ws.send(JSON.stringify({type: 'subscribe', channel}));
});

ws.addEventListener('message', (ev) => {
    try {
        const data = JSON.parse(ev.data);
        console.log('evento:', data);
        // esperar payload: { task_id, progress, status, message }
    } catch (e) {
        console.log('mensaje crudo:', ev.data);
    }
});

ws.addEventListener('close', () => console.log('conexión cerrada'));
